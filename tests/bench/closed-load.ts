import { connect, type Socket } from 'node:net';
import { benchKey, benchPhone } from './bench-accounts.ts';
import { median, quantile } from './statistics.ts';

export interface ClosedLoadOptions {
  url: string;
  accounts: number;
  clients: number;
  seconds: number;
}

/** What came of it. */
export interface ClosedLoadResult {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
}

/**
 * So many clients, each of which sends its next transfer when the last is answered. Speaks just enough HTTP
 * over plain sockets, since on a small machine the load must not cost more than what it measures.
 */
export async function closedLoad(options: ClosedLoadOptions): Promise<ClosedLoadResult> {
  const { clients, seconds } = options;
  const endMs = performance.now() + seconds * 1_000;
  const latencies: number[] = [];
  await Promise.all(Array.from({ length: clients }, () => client(options, endMs, latencies)));
  return {
    perSecond: latencies.length / seconds,
    p50Ms: median(latencies),
    p99Ms: quantile(latencies, 0.99),
  };
}

let nextKey = 0;
const run = crypto.randomUUID();

function client({ url, accounts }: ClosedLoadOptions, endMs: number, latencies: number[]): Promise<void> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ host: hostname, port: Number(port), noDelay: true });
    let sentMs = 0;
    let heard = '';
    const send = () => {
      sentMs = performance.now();
      socket.write(request(accounts, hostname));
    };
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('close', () => resolve());
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      heard += chunk;
      const end = heard.indexOf('\r\n\r\n');
      if (end === -1) return;
      const length = Number(/content-length: (\d+)/i.exec(heard.slice(0, end))?.[1] ?? 0);
      if (heard.length < end + 4 + length) return;
      if (!heard.startsWith('HTTP/1.1 201')) {
        reject(new Error(`a transfer was answered: ${heard.slice(0, 400)}`));
        socket.destroy();
        return;
      }
      heard = '';
      const nowMs = performance.now();
      latencies.push(nowMs - sentMs);
      if (nowMs < endMs) send();
      else socket.destroy();
    });
  });
}

function request(accounts: number, host: string): string {
  const payer = 1 + Math.floor(Math.random() * accounts);
  const payee = 1 + ((payer - 1 + 1 + Math.floor(Math.random() * (accounts - 1))) % accounts);
  const body = `{"to":"${benchPhone(payee)}","amount":1,"currency":"INR","note":""}`;
  nextKey += 1;
  return (
    `POST /v1/transfers HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${benchKey(payer)}\r\n` +
    `Idempotency-Key: ${run}-${nextKey}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  );
}
