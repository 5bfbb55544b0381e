import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { connect } from 'amqplib';
import { WebSocketServer } from 'ws';

/**
 * What a gateway is measured against, as a program: whatever comes from the broker goes to the sockets that asked
 * for its topic, by their path. With MODE=ws by `ws` as it comes, with MODE=tcp by one write of a frame
 * that was made once. Nothing is checked, numbered, logged or counted.
 */
const { MODE, PORT, AMQP_URL, EXCHANGE } = process.env;

type Send = (body: Buffer) => void;
const followers = new Map<string, Set<(body: Buffer, frame: Buffer) => void>>();
const follow = (path: string, send: (body: Buffer, frame: Buffer) => void, socket: Duplex) => {
  const key = path.slice(1);
  const set = followers.get(key) ?? new Set();
  followers.set(key, set.add(send));
  socket.once('close', () => set.delete(send));
};

const server = createServer((_request, response) => response.end('ready'));
const sockets = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false });
server.on('upgrade', (request, socket, head) => {
  socket.on('error', () => undefined);
  const path = request.url ?? '/';
  if (MODE === 'ws') {
    sockets.handleUpgrade(request, socket, head, (ws) => {
      const send: Send = (body) => ws.send(body, { binary: false });
      follow(path, send, socket);
    });
    return;
  }
  // RFC 6455, 4.2.2.
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key'] ?? ''}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  follow(path, (_body, frame) => socket.write(frame), socket);
});

const connection = await connect(AMQP_URL ?? '', { noDelay: true });
const channel = await connection.createChannel();
const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true, durable: false });
await channel.bindQueue(queue, EXCHANGE ?? '', MODE ?? '');
await channel.consume(
  queue,
  (message) => {
    if (message === null) return;
    const { content } = message;
    const header = Buffer.from([0x81, 126, content.length >> 8, content.length & 0xff]);
    const frame = Buffer.concat([header, content]);
    const topic = String(message.properties.headers?.['payfan-topic']);
    // What is for everybody begins with `public.`, as at the gateway.
    const wanted = topic.startsWith('public.') ? [...followers.values()] : [followers.get(topic) ?? []];
    for (const sends of wanted) for (const send of sends) send(content, frame);
  },
  { noAck: true },
);
server.listen(Number(PORT), '127.0.0.1');
