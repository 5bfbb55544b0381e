import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { KeyPair } from '@payfan/stack/testing';
import { SMTPServer } from 'smtp-server';

interface ReceivedMail {
  to: string[];
  /** Whether it came over TLS. */
  secure: boolean;
  content: string;
}

export interface MailServer {
  readonly port: number;
  readonly mails: ReceivedMail[];
  stop(): Promise<void>;
}

/** An SMTP server: with TLS from the start, by STARTTLS, or in plain text only. */
export async function startMailServer(
  how: 'smtps' | 'starttls' | 'plain',
  { certificate: cert, key }: KeyPair,
): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const server = new SMTPServer({
    secure: how === 'smtps',
    ...(how === 'plain' ? { disabledCommands: ['STARTTLS'] } : { cert, key }),
    ...{ authOptional: true, disableReverseLookup: true, closeTimeout: 200 },
    onData(stream, { envelope, secure }, done) {
      text(stream).then(
        (content) => {
          mails.push({ to: envelope.rcptTo.map(({ address }) => address), secure, content });
          done();
        },
        (error: unknown) => done(error as Error),
      );
    },
  });
  // Clients that refuse the certificate end the handshake.
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
