import { connect, type Socket } from 'node:net';
import { median, quantile } from './statistics.ts';
import { transferRequest } from './transfer-request.ts';

export interface ClosedLoadOptions {
  url: string;
  accounts: number;
  clients: number;
  seconds: number;
  /** What they ask for, if not a transfer. */
  request?: () => string;
}

/** What came of it. */
export interface ClosedLoadResult {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
}

/**
 * So many clients, each of which sends its next request when the last is answered. Speaks just enough HTTP
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

function client(
  { url, accounts, request = () => transferRequest(accounts) }: ClosedLoadOptions,
  endMs: number,
  latencies: number[],
): Promise<void> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ host: hostname, port: Number(port), noDelay: true });
    let sentMs = 0;
    let heard = '';
    const send = () => {
      sentMs = performance.now();
      socket.write(request());
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
      if (!heard.startsWith('HTTP/1.1 20')) {
        reject(new Error(`a request was answered: ${heard.slice(0, 400)}`));
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
