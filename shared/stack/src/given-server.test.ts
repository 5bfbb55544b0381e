import { createServer } from 'node:net';
import { once } from 'node:events';
import { expectServer } from './given-server.ts';
import { freePort } from './ports.ts';

test('one of several hosts that takes connections is enough', async () => {
  const server = createServer((socket) => socket.destroy());
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const urls = [`amqp://127.0.0.1:${await freePort()}`, `amqp://127.0.0.1:${port}`].map(
    (url) => new URL(url),
  );
  await expect(expectServer(urls, 'AMQP_URL')).resolves.toBeUndefined();
  server.close();
  await once(server, 'close');
});

test('nobody there: a sentence that names the variable and the host, and no password', async () => {
  const port = await freePort();
  const url = new URL(`postgres://me:hunter2@127.0.0.1:${port}/payfan`);
  const [end] = await Promise.allSettled([expectServer([url], 'DATABASE_URL')]);
  const told = end.status === 'rejected' ? String(end.reason) : '';
  expect(told).toMatch(
    new RegExp(`^ServerAway: Nothing answers at 127.0.0.1:${port} \\(connect ECONNREFUSED .*DATABASE_URL`),
  );
  expect(told).not.toContain('hunter2');
});
