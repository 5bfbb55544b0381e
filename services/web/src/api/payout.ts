import type { Payout, PayoutAccepted, PayoutItemResult } from '@payfan/contracts';
import type { ApiClient } from './api-client.ts';
import type { Page, PageRequest } from './transaction.ts';

export type { Payout, PayoutAccepted, PayoutItemResult } from '@payfan/contracts';

/** Lines of which it is known what became of them. */
export const doneOf = ({ succeeded, failed, cancelled }: Payout): number => succeeded + failed + cancelled;

/** The names under which answers are kept; the first word alone stands for all of this API. */
export const payoutKeys = {
  list: ['payout', 'list'],
  newest: ['payout', 'newest'],
  one: (id: string) => ['payout', 'one', id],
  failures: (id: string, failed: number) => ['payout', 'failures', id, failed],
} as const;

/** A payout as it was when it was last asked for. */
export interface SeenPayout {
  payout: Payout;
  /** Names this state: who sends it is told whether there is another. */
  etag: string | null;
  /** After which asking again is of use. */
  retryAfterSeconds: number;
}

const pathOf = (id: string) => `/v1/payouts/${encodeURIComponent(id)}`;
const SHORTEST_PAUSE_SECONDS = 1;
/** A hundred thousand lines, each way, over a slow network. */
const FILE_TIMEOUT_MS = 10 * 60_000;

export const fetchPayouts = (api: ApiClient, { signal, ...query }: PageRequest = {}): Promise<Page<Payout>> =>
  api.json('/v1/payouts', { query, signal });

/** @param seen is answered anew, without having been sent, where nothing has changed since */
export async function fetchPayout(
  api: ApiClient,
  id: string,
  { seen, signal }: { seen?: SeenPayout | undefined; signal?: AbortSignal },
): Promise<SeenPayout> {
  const known = seen?.etag ?? undefined;
  const headers = known === undefined ? {} : { 'if-none-match': known };
  const answer = await api.send(pathOf(id), { headers, signal });
  const retryAfterSeconds = Math.max(
    SHORTEST_PAUSE_SECONDS,
    Number(answer.headers.get('retry-after') ?? SHORTEST_PAUSE_SECONDS),
  );
  if (answer.status === 304 && seen !== undefined) return { ...seen, retryAfterSeconds };
  return {
    payout: (await answer.json()) as Payout,
    etag: answer.headers.get('etag'),
    retryAfterSeconds,
  };
}

/** Lines that were refused, in the order of the file. */
export const fetchFailures = (
  api: ApiClient,
  id: string,
  { limit, signal }: { limit: number; signal?: AbortSignal },
): Promise<Page<PayoutItemResult>> =>
  api.json(`${pathOf(id)}/items`, { query: { status: 'failed', limit }, signal });

/** What became of each line, as CSV. */
export async function fetchResults(api: ApiClient, id: string): Promise<Blob> {
  const answer = await api.send(`${pathOf(id)}/items`, {
    headers: { accept: 'text/csv' },
    timeoutMs: FILE_TIMEOUT_MS,
  });
  return answer.blob();
}

/** What the sender of a payout was shown and confirmed. */
export interface ExpectedPayout {
  /** Lines. */
  total: number;
  /** Minor units. */
  amount: number;
}

/**
 * Sends a CSV of payments. Under one key they are made once, however often this is called.
 *
 * @param expected what was shown; the service pays nothing if it reads something else
 * @throws ApiError `invalid_request` with `errors` by line, `payout_differs`, `insufficient_funds`, …
 */
export const sendPayout = (
  api: ApiClient,
  csv: Blob,
  { expected, idempotencyKey }: { expected: ExpectedPayout; idempotencyKey: string },
): Promise<PayoutAccepted> =>
  api.json('/v1/payouts', {
    method: 'POST',
    body: csv,
    headers: {
      'content-type': 'text/csv',
      'payfan-expect': `total=${expected.total}, amount=${expected.amount}`,
    },
    idempotencyKey,
    timeoutMs: FILE_TIMEOUT_MS,
  });

/** @throws ApiError `already_finished` */
export const cancelPayout = (api: ApiClient, id: string): Promise<Payout> =>
  api.json(`${pathOf(id)}/cancel`, { method: 'POST' });
