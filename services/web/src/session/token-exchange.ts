export type Exchange =
  | {
      outcome: 'token';
      token: string;
      /** Until it ends: a page's own clock may be minutes off. */
      secondsLeft: number;
    }
  | { outcome: 'refused' }
  | { outcome: 'unavailable'; retryAfterSeconds: number };

const TIMEOUT_MS = 5_000;
const RETRY_AFTER_SECONDS = 2;

/** Asks the transaction service for a JWT in exchange for an API key. */
export async function exchangeKey(transactionUrl: string, key: string): Promise<Exchange> {
  const unavailable = (retryAfterSeconds = RETRY_AFTER_SECONDS): Exchange => ({
    outcome: 'unavailable',
    retryAfterSeconds,
  });
  try {
    const answer = await fetch(`${transactionUrl}/v1/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
      cache: 'no-store',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (answer.status === 401 || answer.status === 403) return { outcome: 'refused' };
    if (!answer.ok) return unavailable(Number(answer.headers.get('retry-after')) || undefined);
    const { token, expiresAt } = (await answer.json()) as { token: string; expiresAt: string };
    const secondsLeft = Math.floor((Date.parse(expiresAt) - Date.now()) / 1_000);
    return { outcome: 'token', token, secondsLeft };
  } catch {
    return unavailable();
  }
}
