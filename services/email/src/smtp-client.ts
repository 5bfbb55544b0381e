import { Readable } from 'node:stream';
import type { Provider } from '@payfan/channel';
import { SMALL_ANSWER_BYTES } from '@payfan/service';
import type MailMessage from 'nodemailer/lib/mailer/mail-message';
import SMTPPool, { type SMTPPoolSendCallback } from 'nodemailer/lib/smtp-pool';
import type { Mail } from './mail.ts';
import { mimeWriter, smtpAddress, type Mailbox } from './mime-text.ts';
import { resultOfSmtpError } from './smtp-result.ts';

export interface SmtpOptions {
  /** Tells several apart in the timeline. */
  name: string;
  /** `smtp://user:password@host:port`, or `smtps://…`. */
  smtpUrl: string;
  from: Mailbox;
  /** Connections at most. One for each mail under way, so that none waits while its time runs. */
  connections: number;
  timeoutMs: number;
}

/** Connections are replaced after so many mails, since servers begin to refuse long sessions. */
const MAILS_PER_CONNECTION = 1_000;

/** Servers hang up after five minutes or later (RFC 5321, 4.5.3.2.7). */
const KEPT_IDLE_MS = 4 * 60_000;

/** An SMTP server, by a pool of connections. It can't be asked about a mail, so there is no lookup. */
export function smtpProvider({ name, smtpUrl, from, connections, timeoutMs }: SmtpOptions): Provider<Mail> {
  const sender = smtpAddress(from.address);
  const domain = sender.slice(sender.lastIndexOf('@') + 1);
  const write = mimeWriter(from);
  const pool: Pool = new SMTPPool({
    url: smtpUrl,
    maxConnections: connections,
    maxMessages: MAILS_PER_CONNECTION,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    // No socketTimeout: an attempt that takes too long ends by its signal, which closes its connection. One that
    // only waits for the next mail is kept, as making it anew costs that mail several round trips.
    idleTimeout: KEPT_IDLE_MS,
    maxResponseSize: SMALL_ANSWER_BYTES,
    // Closed at once: during a pause a server could go on sending a reply that is too long.
    socketCloseTimeout: 0,
  });
  return {
    name,
    async send(mail, { reference, signal }) {
      let wasHandedOver = false;
      const onHandedOver = () => (wasHandedOver = true);
      try {
        // The same on every attempt: a mail that arrives twice can be recognised by the reader's program.
        const messageId = `<${reference}@${domain}>`;
        // What separates the parts comes from an event's id, which nobody knew when names and notes were written.
        const content = write({ ...mail, messageId, baseBoundary: reference });
        const envelope = { from: sender, to: [smtpAddress(mail.to.address)] };
        await submit(pool, { content, envelope, messageId, signal, onHandedOver });
        return { kind: 'sent', reference: messageId };
      } catch (error) {
        return resultOfSmtpError(error, { wasHandedOver });
      }
    },
    stop() {
      pool.close();
      return Promise.resolve();
    },
  };
}

/**
 * What the pool asks of a mail; the message that `sendMail` would make for it knows much more. The compiler does not
 * hold the pool to it, as methods are compared loosely: a new version that asks for more fails in the integration tests.
 */
interface PoolMail {
  data: Pick<MailMessage['data'], 'signal'>;
  message: Pick<MailMessage['message'], 'getEnvelope' | 'messageId' | 'getHeader' | 'createReadStream'>;
}

interface Pool {
  send(mail: PoolMail, done: SMTPPoolSendCallback): unknown;
  close(): void;
}

interface WrittenMail {
  /** Headers and parts. */
  content: string;
  envelope: { from: string; to: string[] };
  messageId: string;
  signal: AbortSignal;
  /** Called when a connection takes the content, which is after the server has agreed to it. */
  onHandedOver: () => void;
}

/** Resolves when the server has taken the mail. */
function submit(
  pool: Pool,
  { content, envelope, messageId, signal, onHandedOver }: WrittenMail,
): Promise<void> {
  const message = {
    // A copy for each session: what one writes into it, such as that the server hung up, the next would take for its own.
    getEnvelope: () => ({ ...envelope }),
    messageId: () => messageId,
    // Only asked for the Message-ID, for its log.
    getHeader: () => messageId,
    createReadStream: () => inOnePiece(content, onHandedOver),
  };
  return new Promise((resolve, reject) => {
    pool.send({ data: { signal }, message }, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}

/** A stream, for the pool looks at `readableDidRead`: what was not read may go by another session, from a new stream. */
const inOnePiece = (content: string, onRead: () => void): Readable =>
  new Readable({
    read() {
      onRead();
      this.push(content);
      this.push(null);
    },
  });
