import type { Provider } from '@payfan/channel';
import { createTransport } from 'nodemailer';
import type { Mail } from './mail.ts';
import { inOnePiece, mimeText } from './mime-text.ts';
import { resultOfSmtpError } from './smtp-result.ts';

export interface SmtpOptions {
  /** Tells several apart in the timeline. */
  name: string;
  /** `smtp://user:password@host:port`, or `smtps://…`. */
  smtpUrl: string;
  from: { name: string; address: string };
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
  const domain = from.address.slice(from.address.indexOf('@') + 1);
  const transport = createTransport({
    url: smtpUrl,
    pool: true,
    maxConnections: connections,
    maxMessages: MAILS_PER_CONNECTION,
    // Names and notes come from people: whatever they hold, it must not make us read files or fetch URLs.
    disableFileAccess: true,
    disableUrlAccess: true,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    // No socketTimeout: an attempt that takes too long ends by its signal, which closes its connection. One that
    // only waits for the next mail is kept, as making it anew costs that mail several round trips.
    idleTimeout: KEPT_IDLE_MS,
  });
  transport.use('stream', inOnePiece);
  return {
    name,
    async send(mail, { reference, signal }) {
      try {
        // The same on every attempt: a mail that arrives twice can be recognised by the reader's program.
        const messageId = `<${reference}@${domain}>`;
        // What separates the parts comes from an event's id, which nobody knew when names and notes were written.
        const raw = mimeText({ ...mail, from, messageId, boundary: reference });
        const envelope = { from: from.address, to: [mail.to.address] };
        const info = await transport.sendMail({ raw, envelope, messageId, signal });
        return { kind: 'sent', reference: info.messageId };
      } catch (error) {
        return resultOfSmtpError(error);
      }
    },
    stop() {
      transport.close();
      return Promise.resolve();
    },
  };
}
