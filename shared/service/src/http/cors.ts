import type { IncomingMessage, ServerResponse } from 'node:http';

/** What browsers may send along beyond what they always may. */
const ALLOWED_HEADERS = [
  'authorization',
  'content-type',
  'idempotency-key',
  'if-none-match',
  'last-event-id',
  'payfan-expect',
  'traceparent',
  'x-correlation-id',
  'x-request-id',
].join(', ');
const ALLOWED_METHODS = 'GET, POST, PUT, PATCH, DELETE';
/** What their scripts may read of an answer. */
const EXPOSED_HEADERS = 'content-disposition, etag, idempotent-replayed, location, retry-after, x-request-id';
/** How long a browser need not ask again. */
const MAX_AGE_SECONDS = '600';

/**
 * Lets pages of these origins use an API (https://fetch.spec.whatwg.org/#http-cors-protocol). Cookies are never
 * asked for: who a request comes from stands in its Authorization header.
 *
 * @param origins exact: `https://app.example.com`
 * @returns a function that answers a browser's question beforehand itself, and then tells `true`
 */
export function crossOrigin(
  origins: readonly string[],
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const allowed = new Set(origins);
  return (request, response) => {
    if (allowed.size === 0) return false;
    response.setHeader('vary', 'origin');
    const { origin } = request.headers;
    if (origin === undefined || !allowed.has(origin)) return false;
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('access-control-expose-headers', EXPOSED_HEADERS);
    const isQuestion =
      request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
    if (!isQuestion) return false;
    response
      .writeHead(204, {
        'access-control-allow-methods': ALLOWED_METHODS,
        'access-control-allow-headers': ALLOWED_HEADERS,
        'access-control-max-age': MAX_AGE_SECONDS,
      })
      .end();
    return true;
  };
}
