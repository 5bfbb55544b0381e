import { createServer, type AddressInfo, type Server } from 'node:net';
import { freePort, isPortFree, portOrFree, portsOf } from './ports.ts';

const { first, end } = portsOf(process.env['JEST_WORKER_ID']);

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
  for (let port = first; ; port++) if (await isPortFree(port)) return takePort(port);
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
    const numbers = ports.map((port) => (port - first + 0.5) / (end - first));
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

test('workers of the test runner choose from parts of their own, and whoever is none of them from another', async () => {
  expect(await freePort()).toBeGreaterThanOrEqual(first);
  expect(await freePort()).toBeLessThan(end);
  const parts = [undefined, ...Array.from({ length: 11 }, (_, index) => String(index + 1))].map(portsOf);
  parts.slice(1).forEach((part, index) => expect(part.first).toBe(parts[index]?.end));
  for (const part of [...parts, portsOf('12'), portsOf('4711')]) {
    expect(part.first).toBeGreaterThanOrEqual(20_000);
    expect(part.end).toBeLessThanOrEqual(32_000);
  }
});

test('a usual port that is taken falls back to a free one', async () => {
  const usual = await takePort();
  const other = await portOrFree(usual);
  expect(other).not.toBe(usual);
  expect(await isPortFree(other)).toBe(true);
});
