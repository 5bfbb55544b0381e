import type { Provider } from '@payfan/channel';
import { SMALL_ANSWER_BYTES } from '@payfan/service';
import { createTransport, type SendMailOptions } from 'nodemailer';
import type { Mail } from './mail.ts';
import { asciiAddress, mimeWriter, type Mailbox } from './mime-text.ts';
import { resultOfSmtpError } from './smtp-result.ts';

export interface SmtpOptions {
  /** Distinguishes several servers in the timeline. */
  name: string;
  /** `smtp://user:password@host:port`, or `smtps://…`. */
  smtpUrl: string;
  from: Mailbox;
  /** Connections at most. One for each mail under way, so that none waits while its time runs. */
  connections: number;
}

/** Connections are replaced after so many mails, since servers begin to refuse long sessions. */
const MAILS_PER_CONNECTION = 1_000;

/** A new session costs the next mail several round trips. */
const KEPT_IDLE_MS = 60_000;

/** Ends a session whose server is silent after RSET or QUIT, when no mail's deadline runs. */
const SILENT_MS = 90_000;

/**
 * An SMTP server, by a pool of connections. It can't be asked about a mail, so there is no lookup. The signal is the
 * deadline of every step of a mail, from the name look-up to the last reply: it closes the mail's connection.
 */
export function smtpProvider({ name, smtpUrl, from, connections }: SmtpOptions): Provider<Mail> {
  const sender = asciiAddress(from.address);
  const domain = sender.slice(sender.lastIndexOf('@') + 1);
  const write = mimeWriter(from);
  const transport = createTransport({
    pool: true,
    url: smtpUrl,
    maxConnections: connections,
    maxMessages: MAILS_PER_CONNECTION,
    // A server that closes an idle session gets the next mail in another one; a server that closes that too is away.
    maxRequeues: 1,
    idleTimeout: KEPT_IDLE_MS,
    socketTimeout: SILENT_MS,
    maxResponseSize: SMALL_ANSWER_BYTES,
    // Closed at once: during a pause a server could go on sending a reply that is too long.
    socketCloseTimeout: 0,
  });
  // nodemailer reads the content once the server has agreed to take it, and writes the final dot when it ends.
  transport.use('stream', ({ message, data }, done) => {
    // A copy for each session: nodemailer notes in it that the server hung up, which the next session would take for its own.
    const envelope = message.getEnvelope();
    message.getEnvelope = () => ({ ...envelope });
    message.processFunc((content) => content.once('end', (data as WatchedMail).onFinalDot));
    done();
  });
  return {
    name,
    async send(mail, { reference, signal }) {
      let mayBeAccepted = false;
      const onFinalDot = () => (mayBeAccepted = true);
      try {
        // The same on every attempt: a mail that arrives twice can be recognised by the reader's program.
        const messageId = `<${reference}@${domain}>`;
        const raw = write({ ...mail, messageId, date: new Date() });
        const envelope = { from: sender, to: asciiAddress(mail.to.address) };
        const watched: WatchedMail = { raw, envelope, messageId, signal, onFinalDot };
        await transport.sendMail(watched);
        return { kind: 'sent', reference: messageId };
      } catch (error) {
        return resultOfSmtpError(error, { mayBeAccepted });
      }
    },
    stop() {
      transport.close();
      return Promise.resolve();
    },
  };
}

interface WatchedMail extends SendMailOptions {
  /** Called before the final dot is written. Until then the server cannot have accepted the mail. */
  onFinalDot: () => void;
}
