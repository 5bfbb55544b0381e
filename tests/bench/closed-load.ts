import { KeptAlive } from './kept-alive.ts';
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

/** So many clients, each of which sends its next request when the last is answered. */
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

async function client(
  { url, accounts, request = () => transferRequest(accounts) }: ClosedLoadOptions,
  endMs: number,
  latencies: number[],
): Promise<void> {
  const connection = new KeptAlive(new URL(url));
  try {
    for (let nowMs = performance.now(); nowMs < endMs;) {
      const { status, body } = await connection.ask(request());
      if (status < 200 || status > 209)
        throw new Error(`a request was answered ${status}: ${body.slice(0, 400)}`);
      const sentMs = nowMs;
      nowMs = performance.now();
      latencies.push(nowMs - sentMs);
    }
  } finally {
    connection.close();
  }
}
