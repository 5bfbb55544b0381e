import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

/** What a server sends that does not stop: 100 MB. */
const LONG_BYTES = 100 * 1024 * 1024;

/** Sends `line` to a client again and again until it closes the connection. @returns whether it did so before 100 MB */
export async function flood(client: Socket, line: string): Promise<'cut off' | 'read to the end'> {
  const chunk = line.repeat(Math.ceil(65_536 / line.length));
  const closed = new Promise<void>((resolve) => client.once('close', resolve));
  client.on('error', () => undefined);
  for (let sent = 0; sent < LONG_BYTES && !client.destroyed; sent += chunk.length) {
    if (!client.write(chunk)) await Promise.race([once(client, 'drain'), closed]).catch(() => undefined);
  }
  const isCutOff = client.destroyed;
  client.destroy();
  return isCutOff ? 'cut off' : 'read to the end';
}

export interface LongAnswer {
  url: string;
  /** What became of each answer, in the order of the requests, once it ended. */
  ends: ('cut off' | 'read to the end')[];
  stop(): Promise<void>;
}

/** An HTTP server that answers every request with this status and a body of 100 MB of JSON. */
export async function startLongAnswer(status = 200): Promise<LongAnswer> {
  const ends: LongAnswer['ends'] = [];
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    clients.add(client);
    client.once('data', () => {
      client.write(
        `HTTP/1.1 ${status} Long\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n["`,
      );
      void flood(client, 'x').then((end) => ends.push(end));
    });
    client.on('error', () => undefined).on('close', () => clients.delete(client));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ends,
    async stop() {
      for (const client of clients) client.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
