import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

/** The steps of a mail, in their order; each is a place where a server can fail. */
export const PHASES = [
  'implicit TLS',
  'greeting',
  'EHLO',
  'STARTTLS',
  'TLS after STARTTLS',
  'AUTH',
  'MAIL',
  'RCPT',
  'DATA',
  'body',
  'final dot',
] as const;
export type Phase = (typeof PHASES)[number];

/** How a server fails: with a reply, or without one. */
export type Failure = 'close' | 'reset' | 'hang' | { reply: string };

export interface Script {
  /** The server takes every mail if it has no failure. */
  failsAt?: Phase;
  by?: Failure;
  /** Commands are sent without waiting for the replies in between (RFC 2920). */
  pipelining?: boolean;
}

export interface ScriptedSmtpServer {
  url: string;
  /** The recipients of the mails that it took, in their order. */
  taken: string[];
  /** Connections that reached the phase where the server fails. */
  readonly failures: number;
  /** Connections that are open now. */
  readonly open: number;
  /** Where the server hangs, it reads nothing; from now on it discards what arrives, and so notices a closed connection. */
  discard(): void;
  close(): void;
}

/** An SMTP server over real sockets that fails at one phase of every mail, in one way. */
export async function scriptedSmtpServer({ failsAt, by, pipelining = false }: Script = {}) {
  const sockets = new Set<Socket>();
  const state = { failures: 0, taken: [] as string[] };
  const extensions = [
    ...(pipelining ? ['PIPELINING'] : []),
    ...(failsAt === 'STARTTLS' || failsAt === 'TLS after STARTTLS' ? ['STARTTLS'] : []),
    ...(failsAt === 'AUTH' ? ['AUTH PLAIN'] : []),
  ];

  const server = createServer((client) => {
    sockets.add(client);
    client.once('close', () => sockets.delete(client));
    client.on('error', () => undefined);
    let received = '';
    let recipient = '';
    let inBody = false;
    let hasFailed = false;
    let inHandshake = failsAt === 'implicit TLS';

    /** Fails if the script says so; otherwise replies. Returns false once the server does not go on. */
    const reach = (phase: Phase, reply: string): boolean => {
      // A server that refuses EHLO knows no HELO either.
      if (phase !== failsAt || by === undefined) return (client.write(`${reply}\r\n`), true);
      state.failures += 1;
      if (typeof by === 'object') return (client.write(`${by.reply}\r\n`), true);
      if (by === 'close') client.destroy();
      if (by === 'reset') client.resetAndDestroy();
      client.pause();
      return false;
    };

    const onLine = (line: string): boolean => {
      const [verb = ''] = line.toUpperCase().split(/[ :]/);
      if (verb === 'EHLO' || verb === 'HELO') {
        return reach(
          'EHLO',
          ['scripted', ...extensions]
            .map((text, i) => `250${i < extensions.length ? '-' : ' '}${text}`)
            .join('\r\n'),
        );
      }
      if (verb === 'STARTTLS') {
        inHandshake = failsAt === 'TLS after STARTTLS';
        return reach('STARTTLS', '220 go on');
      }
      if (verb === 'AUTH') return reach('AUTH', '235 welcome');
      if (verb === 'MAIL') return reach('MAIL', '250 ok');
      if (verb === 'RCPT') {
        recipient = /<(.*)>/.exec(line)?.[1] ?? '';
        return reach('RCPT', '250 ok');
      }
      if (verb === 'DATA') {
        // As servers do it: no content without a sender and a recipient.
        const isRefused = (failsAt === 'MAIL' || failsAt === 'RCPT') && by !== undefined;
        if (isRefused) return (client.write('503 no valid recipients\r\n'), true);
        inBody = failsAt !== 'DATA' || by === undefined;
        return reach('DATA', '354 go on');
      }
      client.write('250 ok\r\n');
      return true;
    };

    // With implicit TLS the client speaks first.
    if (!inHandshake && !reach('greeting', '220 ready')) return;
    client.on('data', (chunk) => {
      if (inHandshake) {
        // A reply in plain text is no answer to a TLS handshake, so this fails in every way.
        if (failsAt !== undefined) reach(failsAt, '');
        return;
      }
      received += chunk.toString('latin1');
      for (;;) {
        const end = inBody ? received.indexOf('\r\n.\r\n') : received.indexOf('\r\n');
        if (inBody && failsAt === 'body' && received !== '' && !hasFailed) {
          hasFailed = true;
          if (!reach('body', '')) return;
        }
        if (end < 0) return;
        const line = received.slice(0, end);
        received = received.slice(end + (inBody ? 5 : 2));
        if (!inBody) {
          if (!onLine(line)) return;
          continue;
        }
        inBody = false;
        // It has replied to this mail already.
        if (hasFailed) {
          hasFailed = false;
          continue;
        }
        if (!reach('final dot', '250 taken')) return;
        if (by === undefined) state.taken.push(recipient);
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  const { port } = server.address() as AddressInfo;
  const credentials = failsAt === 'AUTH' ? 'user:password@' : '';
  return {
    url: `${failsAt === 'implicit TLS' ? 'smtps' : 'smtp'}://${credentials}127.0.0.1:${port}`,
    taken: state.taken,
    get failures() {
      return state.failures;
    },
    get open() {
      return sockets.size;
    },
    discard() {
      for (const socket of sockets) socket.removeAllListeners('data').resume();
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  } satisfies ScriptedSmtpServer;
}
