import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { KeyPair } from '@payfan/stack/testing';

export interface Front {
  readonly port: number;
  stop(): Promise<void>;
}

/** PostgreSQL's clients ask by a message of 8 bytes whether TLS may begin: "S" says yes. */
const SSL_REQUEST_BYTES = 8;

/** Ends TLS with a certificate of the test's choice in front of a server that speaks plain text at `port`. */
export async function tlsFront(
  port: number,
  { certificate: cert, key }: KeyPair,
  protocol?: 'postgres',
): Promise<Front> {
  const secureContext = createSecureContext({ cert, key });
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  };
  const beginTls = (client: Socket) => {
    const secure = new TLSSocket(client, { isServer: true, secureContext });
    const upstream = connect(port, '127.0.0.1');
    for (const socket of [secure, upstream]) keep(socket);
    secure.pipe(upstream).pipe(secure);
    secure.once('close', () => upstream.destroy());
    upstream.once('close', () => secure.destroy());
  };
  const server = createServer((client) => {
    keep(client);
    if (protocol === undefined) {
      beginTls(client);
      return;
    }
    client.once('readable', () => {
      client.read(SSL_REQUEST_BYTES);
      client.write('S');
      beginTls(client);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
