import { SMTPServer } from 'smtp-server';
import type { HttpSettings, Logger, Part } from '@payfan/service';
import type { Socket } from 'node:net';
import type { SMTPServerDataStream, SMTPServerSession } from 'smtp-server';
import type { Dial, MailBehaviour } from './behaviour.ts';
import type { MailIntake } from './mail-intake.ts';
import type { Waits } from './waits.ts';

export interface SmtpInboxOptions {
  /** 0 asks the system for a free one. */
  readonly port: number;
  /** SMTP listens on the same address as HTTP. */
  readonly http?: Pick<HttpSettings, 'host'>;
  readonly intake: MailIntake;
  readonly behaviour: Dial<MailBehaviour>;
  readonly waits: Waits;
  readonly logger: Logger;
}

export interface SmtpInbox extends Part {
  /** The port listened on, once started. */
  readonly port: number;
}

export const MAX_MAIL_BYTES = 5 * 1024 * 1024;

/** Clients keep idle connections for the next mail; this is longer than any of ours does. */
const IDLE_TIMEOUT_MS = 5 * 60_000;
/** At shutdown: long enough for an answer that is being written. */
const CLOSE_TIMEOUT_MS = 200;

/** An SMTP server that takes any login and any mail, and delivers to nobody. */
export function smtpInbox({
  port,
  http: { host } = {},
  intake,
  behaviour,
  waits,
  logger,
}: SmtpInboxOptions): SmtpInbox {
  const sockets = new Map<string, Socket>();
  let stopped: Promise<void> | undefined;

  const receive = async (stream: SMTPServerDataStream, session: SMTPServerSession): Promise<string> => {
    const recipients = session.envelope.rcptTo.map(({ address }) => address);
    const data = await readAll(stream);
    if (data === undefined) {
      intake.receiveTooLarge(recipients);
      throw smtpError(552, 'Message is larger than this server takes');
    }
    const verdict = intake.receive({
      From: session.envelope.mailFrom === false ? '' : session.envelope.mailFrom.address,
      To: recipients,
      Data: data,
      Helo: session.hostNameAppearsAs,
    });
    const { delayMs } = behaviour.current;
    if (verdict.outcome === 'hung') {
      const socket = sockets.get(peerOf(session.remoteAddress, session.remotePort));
      if (socket !== undefined) await waits.hang(socket, verdict.hang);
      throw smtpError(421, 'Unheard: the connection is closed');
    }
    await waits.pause(delayMs);
    if (verdict.outcome === 'failed')
      throw smtpError(verdict.status, 'Try again later (asked for by failRate)');
    return `Ok: stored as ${verdict.mail.ID}`;
  };

  const server = new SMTPServer({
    name: 'sandbox.payfan',
    banner: 'Payfan sandbox inbox',
    logger: false,
    hideSTARTTLS: true,
    authOptional: true,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    size: MAX_MAIL_BYTES,
    rejectOversized: true,
    socketTimeout: IDLE_TIMEOUT_MS,
    closeTimeout: CLOSE_TIMEOUT_MS,
    onAuth: (auth, _session, done) => done(null, { user: auth.username ?? 'anybody' }),
    onRcptTo({ address }, _session, done) {
      if (intake.accepts(address)) done();
      else done(smtpError(550, 'No such mailbox (asked for by reject)'));
    },
    onData(stream, session, done) {
      receive(stream, session).then(
        (answer) => done(null, answer),
        (error: unknown) => done(error instanceof Error ? error : new Error('Mail could not be read')),
      );
    },
  });
  server.on('error', (error) => logger.debug({ err: error }, 'SMTP connection failed'));
  server.server.on('connection', (socket) => {
    const peer = peerOf(socket.remoteAddress, socket.remotePort);
    sockets.set(peer, socket);
    socket.once('close', () => sockets.delete(peer));
  });

  const boundPort = () => {
    const address = server.server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  };

  return {
    name: 'smtp',
    get port() {
      return boundPort();
    },
    async start() {
      if (stopped !== undefined) return;
      await new Promise<void>((resolve, reject) => {
        const onError = (error: Error) => reject(listenError(error, port));
        server.server.once('error', onError);
        server.listen(port, host, () => {
          server.server.off('error', onError);
          resolve();
        });
      });
      logger.info({ port: boundPort() }, `taking mail on port ${boundPort()}`);
    },
    async stop() {
      stopped ??= new Promise<void>((resolve) => server.close(() => resolve())).then(() => {
        for (const socket of sockets.values()) socket.destroy();
      });
      await stopped;
    },
  };
}

/** A mail as text; undefined if it is beyond the limit. Rejects when the client leaves in the middle. */
async function readAll(stream: SMTPServerDataStream): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    // Read on all the same: the client listens for the answer only after its last byte.
    if (!stream.sizeExceeded) chunks.push(chunk);
  }
  return stream.sizeExceeded ? undefined : Buffer.concat(chunks).toString('utf8');
}

/** IPv6-mapped addresses are written with and without their prefix. */
function peerOf(address: string | undefined, port: number | undefined): string {
  return `${(address ?? '').replace(/^::ffff:/, '')} ${port ?? 0}`;
}

function smtpError(responseCode: number, message: string): Error & { responseCode: number } {
  return Object.assign(new Error(message), { responseCode });
}

function listenError(error: Error & { code?: string }, port: number): Error {
  const remedy =
    error.code === 'EADDRINUSE'
      ? `Port ${port} is taken by another program: stop it, or set SMTP_PORT to a free port`
      : `Cannot take mail on port ${port} (${error.message}): check SMTP_PORT`;
  return new Error(remedy, { cause: error });
}
