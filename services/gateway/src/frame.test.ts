import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { frameOf } from './frame.ts';

test.each([0, 1, 125, 126, 65_535, 65_536, 70_000])(
  'a frame of %i bytes is read as it was written',
  async (length) => {
    const server = createServer().listen(0, '127.0.0.1');
    const sockets = new WebSocketServer({ server });
    await once(server, 'listening');
    const text = 'ä'.repeat(length / 2) + 'x'.repeat(length % 2);
    sockets.on('connection', (_ws, request) => request.socket.write(frameOf(Buffer.from(text))));
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const [data, isBinary] = (await once(client, 'message')) as [Buffer, boolean];
    expect([data.length, data.toString() === text, isBinary]).toEqual([length, true, false]);
    client.terminate();
    sockets.close();
    await new Promise((resolve) => server.close(resolve));
  },
);
