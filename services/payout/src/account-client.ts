import { Account, Text } from '@payfan/contracts';
import { contextHeaders, endpoint, fetchWithin, Problem, readJson } from '@payfan/service';
import { z } from 'zod';

/** Whom a payout belongs to, as of its request. */
const Owner = z.object({ ...Account.shape, language: Text.default('en') });
export type Owner = z.output<typeof Owner>;

const TIMEOUT_MS = 3_000;

/** The account of whoever asks, by the transaction service's say. Its refusals are passed on. */
export async function accountOfCaller(transactionUrl: string, authorization: string): Promise<Owner> {
  const url = endpoint(transactionUrl, 'v1/accounts/me');
  const headers = { authorization, ...contextHeaders() };
  try {
    return await fetchWithin(url, { headers, timeoutMs: TIMEOUT_MS }, async (response) => {
      if (response.ok) return Owner.parse(await readJson(response));
      if (response.status === 401) throw new Problem({ status: 401, code: 'unauthenticated' });
      if (response.status === 404) {
        throw new Problem({
          status: 404,
          code: 'not_found',
          detail: 'This account does not exist any more.',
        });
      }
      throw new Error(`GET ${url.href} answered ${response.status}`);
    });
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem({
      status: 503,
      code: 'temporarily_unavailable',
      detail: 'Your balance cannot be seen at the moment. Repeat the request with the same Idempotency-Key.',
      retryAfterSeconds: 2,
      cause: error,
    });
  }
}
