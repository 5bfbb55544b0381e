import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { z } from 'zod';
import { createLogger } from '../logger.ts';
import { Problem } from '../problem.ts';
import { Streamed } from './route.ts';
import { httpServer } from './server.ts';
import { startApi, stopApis } from './testing.ts';

afterEach(stopApis);

test('an answer may be written bit by bit, by a route like all others', async () => {
  let go: () => void = () => undefined;
  const { url } = await startApi((api) => {
    api.route(
      {
        ...{ method: 'get', path: '/v1/ticks', summary: 'Ticks', auth: 'none' },
        query: z.strictObject({ fail: z.string().optional() }),
        responses: { 200: { description: 'Ticks', contentType: 'text/event-stream', schema: z.string() } },
      },
      ({ query }) => {
        if (query.fail !== undefined) throw new Problem({ status: 429, code: 'too_many' });
        return {
          status: 200,
          body: new Streamed((response) => {
            response.write('one\n');
            go = () => response.end('two\n');
          }),
        };
      },
    );
  });
  const answer = await fetch(`${url}/v1/ticks`);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  go();
  expect(await answer.text()).toBe('one\ntwo\n');
  expect((await fetch(`${url}/v1/ticks?fail=1`)).status).toBe(429);
});

test('a connection that asks for another protocol is handed over', async () => {
  const logger = createLogger({ service: 'test', level: 'silent' });
  const server = httpServer({
    api: { handler: (_request, response) => void response.end('http') },
    ...{ port: 0, logger, http: { host: '127.0.0.1' } },
    onUpgrade: (request, socket) => socket.end(`HTTP/1.1 101 Switching Protocols\r\n\r\n${request.url}`),
  });
  await server.start();
  const socket: Socket = connect(server.port, '127.0.0.1');
  socket.write('GET /live HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n');
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  expect(bytes.toString()).toBe('HTTP/1.1 101 Switching Protocols\r\n\r\n/live');
  socket.destroy();
  expect(await (await fetch(`http://127.0.0.1:${server.port}`)).text()).toBe('http');
  await server.stop();
});
