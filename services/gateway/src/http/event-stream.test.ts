import { createServer, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { createMetrics } from '@payfan/service';
import { LIMITS } from '../limits.ts';
import { LiveMessage } from '../live-message.ts';
import { createGatewayMetrics } from '../metrics.ts';
import { EventStream } from './event-stream.ts';

test('a client that does not read is cut when its stream ends, whatever it ends for', async () => {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
  try {
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const response = await new Promise<ServerResponse>((resolve) =>
      server.once('request', (_request, one) => resolve(one)),
    );
    const stream = new EventStream({
      verified: { principal: { kind: 'operator', name: 'operator' }, expiresAtMs: Date.now() + 60_000 },
      isResumed: false,
      limits: {
        ...LIMITS,
        ...{ topics: 1, framesPerSecond: 1, pingEveryMs: 60_000, pongWithinMs: 60_000 },
        ...{ mostBufferedBytes: Infinity, closeWithinMs: 10 },
      },
      metrics: createGatewayMetrics(createMetrics('gateway')),
      onEnd: () => undefined,
    });
    stream.attach(response);
    const message = new LiveMessage('public.flood', undefined, Buffer.alloc(32 * 1024 * 1024, 'x'));
    stream.tell(message);
    const closed = once(response, 'close');
    stream.sendAway();
    await closed;
    expect(client.bytesRead).toBeLessThan(message.chunk.length);
  } finally {
    client.destroy();
    server.close();
  }
});
