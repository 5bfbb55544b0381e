import { connect, createServer } from 'node:net';
import { reservePort } from './port-reservation.ts';

/**
 * Ports that we choose lie below 32768, where Linux's range for outgoing connections begins: one
 * above could be taken by anybody's connection between our look and our listen.
 */
const FIRST = 20_000;
const LAST = 32_000;
const PARTS = 12;

/**
 * Each worker of the test runner chooses from a part of its own. Two could choose the same port before anybody listens
 * on it, or while a program that is to come back is down: then a program of the one answers in the name of the other's.
 */
export function portsOf(testWorker: string | undefined): { first: number; end: number } {
  const size = (LAST - FIRST) / PARTS;
  const first = FIRST + (Number(testWorker ?? 0) % PARTS) * size;
  return { first, end: first + size };
}

/** Chosen by this process already, though perhaps nobody listens yet. */
const handedOut = new Set<number>();

/** True when nobody on this machine listens on the port, on any address. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A port that is free now, and that no process of a run on this machine hands out again while this one runs. */
export async function freePort(random: () => number = Math.random): Promise<number> {
  const { first, end } = portsOf(process.env['JEST_WORKER_ID']);
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = first + Math.floor(random() * (end - first));
    if (handedOut.has(port)) continue;
    handedOut.add(port);
    if ((await isPortFree(port)) && reservePort(port)) return port;
  }
  throw new Error(`No free port between ${first} and ${end}. End some of the programs that listen there.`);
}

/** The usual port, or a free one when another program has it. */
export async function portOrFree(usual: number): Promise<number> {
  return (await isPortFree(usual)) ? usual : freePort();
}

/** Resolves if somebody takes connections there, on this machine unless told; rejects at once, or after 5 s of silence. */
export function canConnect(port: number, host = '127.0.0.1'): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: 5_000 }, () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => socket.destroy(new Error('no answer within 5 s')));
    socket.once('error', reject);
  });
}
