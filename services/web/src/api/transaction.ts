import type { Account, Entry, Transfer } from '@payfan/contracts';
import type { ApiClient } from './api-client.ts';

export type { Account, Entry, Transfer } from '@payfan/contracts';

/** A page of a list, newest first. */
export interface Page<Item> {
  data: Item[];
  /** `after` of the next page; null on the last. */
  nextCursor: string | null;
}

export interface PageRequest {
  limit?: number;
  after?: string | undefined;
  signal?: AbortSignal | undefined;
}

export interface NewTransfer {
  /** A phone number as people type it. */
  to: string;
  /** Minor units (paise). */
  amount: number;
  currency: 'INR';
  note: string;
}

/** The names under which answers are kept; the first word alone stands for all of this API. */
export const transactionKeys = {
  all: ['transaction'],
  account: ['transaction', 'account'],
  entries: ['transaction', 'entries'],
} as const;

export const fetchAccount = (api: ApiClient, signal?: AbortSignal): Promise<Account> =>
  api.json('/v1/accounts/me', { signal });

export const fetchEntries = (api: ApiClient, { signal, ...query }: PageRequest = {}): Promise<Page<Entry>> =>
  api.json('/v1/accounts/me/entries', { query, signal });

export interface SentTransfer {
  transfer: Transfer;
  /** The money had been sent before, under the same key. */
  replayed: boolean;
}

/**
 * Sends money. Under one key it is sent once, however often this is called.
 *
 * @throws ApiError `insufficient_funds`, `recipient_not_found`, `same_account`, `idempotency_key_reused`, …
 */
export async function sendTransfer(
  api: ApiClient,
  transfer: NewTransfer,
  idempotencyKey: string,
): Promise<SentTransfer> {
  const answer = await api.send('/v1/transfers', { method: 'POST', body: transfer, idempotencyKey });
  const replayed = answer.headers.get('idempotent-replayed') === 'true';
  return { transfer: (await answer.json()) as Transfer, replayed };
}
