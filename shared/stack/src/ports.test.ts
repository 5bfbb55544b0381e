import { createServer, type AddressInfo, type Server } from 'node:net';
import { freePort, isPortFree, portOrFree } from './ports.ts';

const FIRST = 20_000;
const SPAN = 12_000;

let taken: Server | undefined;

/** Listens on a port that is free now, and answers it. */
async function takePort(port = 0): Promise<number> {
  const server = createServer();
  taken = server;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** The same on one that freePort could choose and has not yet. */
async function takeInRange(): Promise<number> {
  for (let port = FIRST; ; port++) if (await isPortFree(port)) return takePort(port);
}

afterEach(async () => {
  const server = taken;
  taken = undefined;
  if (server !== undefined) await new Promise((resolve) => server.close(resolve));
});

test('a port is not free while a program listens on it, though on one address only', async () => {
  const port = await takePort();
  expect(await isPortFree(port)).toBe(false);
});

test('freePort passes over a taken port, and hands out none twice', async () => {
  const lowest = await freePort();
  // As random numbers, these lead to certain ports.
  const leadTo = (...ports: number[]) => {
    const numbers = ports.map((port) => (port - FIRST + 0.5) / SPAN);
    return () => numbers.shift() ?? Math.random();
  };
  const listening = await takeInRange();
  expect(await freePort(leadTo(listening, lowest))).not.toBe(listening);
  expect(await freePort(leadTo(lowest))).not.toBe(lowest);
});

test('free ports lie below the range of outgoing connections', async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, () => freePort()));
  expect(new Set(ports).size).toBe(50);
  for (const port of ports) expect(port).toBeLessThan(32_768);
});

test('a usual port that is taken falls back to a free one', async () => {
  const usual = await takePort();
  const other = await portOrFree(usual);
  expect(other).not.toBe(usual);
  expect(await isPortFree(other)).toBe(true);
});
