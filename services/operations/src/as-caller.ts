import { contextHeaders, fetchWithin, type Fetch } from '@payfan/service';

/** Answers within this are useful to a person who waits; later ones are not. */
const GET_TIMEOUT_MS = 3_000;

type Read<T> = (response: Response) => T | Promise<T>;

/** GET as the caller, and within the caller's trace. Rejects if the answer is not read in time. */
export function getAs<T>(authorization: string, url: URL, read: Read<T>, send?: Fetch): Promise<T> {
  return fetchWithin(url, { headers: headersOf(authorization), timeoutMs: GET_TIMEOUT_MS, send }, read);
}

/** POST of JSON, likewise. */
export function postAs<T>(
  authorization: string,
  url: URL,
  { body, timeoutMs }: { body: object; timeoutMs: number },
  read: Read<T>,
  send?: Fetch,
): Promise<T> {
  const headers = { ...headersOf(authorization), 'content-type': 'application/json' };
  return fetchWithin(url, { method: 'POST', headers, body: JSON.stringify(body), timeoutMs, send }, read);
}

function headersOf(authorization: string): Record<string, string> {
  return {
    authorization,
    ...contextHeaders(),
  };
}
