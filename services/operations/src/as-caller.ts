import { currentContext } from '@payfan/service';
import type { Send } from './fetch-as.ts';

/** Answers within this are useful to a person who waits; later ones are not. */
const GET_TIMEOUT_MS = 3_000;

/** GET as the caller, and within the caller's trace. Rejects if there is no answer in time. */
export function getAs(authorization: string, url: URL, send: Send = fetch): Promise<Response> {
  return send(url, { headers: headersOf(authorization), signal: AbortSignal.timeout(GET_TIMEOUT_MS) });
}

/** POST of JSON, likewise. */
export function postAs(
  authorization: string,
  url: URL,
  { body, timeoutMs }: { body: object; timeoutMs: number },
  send: Send = fetch,
): Promise<Response> {
  return send(url, {
    method: 'POST',
    headers: { ...headersOf(authorization), 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMs),
  });
}

function headersOf(authorization: string): Record<string, string> {
  const context = currentContext();
  return {
    authorization,
    ...(context && { 'x-correlation-id': context.correlationId, traceparent: context.traceparent }),
  };
}
