import { Problem } from '../problem.ts';
import { exchangeOf } from './exchange.ts';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { JsonText, Streamed, type AnyResult } from './route.ts';

/**
 * Writes a handler's result, headers and body at once. Answers about money and people are nobody's to keep,
 * and never anything but what their type says.
 */
export function sendResult(
  response: ServerResponse,
  result: AnyResult,
  contentType = 'application/json',
): void {
  const { status, headers } = result;
  const all: OutgoingHttpHeaders = {
    'x-request-id': exchangeOf(response).context.requestId,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  };
  if (result.body instanceof Streamed) {
    all['content-type'] = contentType;
    response.writeHead(status, headers === undefined ? all : Object.assign(all, headers)).flushHeaders();
    result.body.begin(response);
    return;
  }
  const body = bodyOf(result, contentType);
  if (body !== undefined) {
    all['content-type'] = contentType.startsWith('text/') ? `${contentType}; charset=utf-8` : contentType;
    all['content-length'] = Buffer.byteLength(body);
  } else if (status !== 204 && status !== 304) {
    all['content-length'] = 0;
  }
  response.writeHead(status, headers === undefined ? all : Object.assign(all, headers)).end(body);
}

/** Text goes out in one write together with the headers; a Buffer would need two. */
function bodyOf({ body }: AnyResult, contentType: string): string | Buffer | undefined {
  if (body instanceof JsonText) return body.text;
  if (body === undefined || Buffer.isBuffer(body)) return body;
  const asItIs = typeof body === 'string' && !/[/+]json$/.test(contentType);
  return asItIs ? body : JSON.stringify(body);
}

function sendProblem(response: ServerResponse, problem: Problem): void {
  const exchange = exchangeOf(response);
  exchange.code = problem.code;
  const headers: Record<string, string> = { ...problem.headers };
  if (problem.retryAfterSeconds !== undefined)
    headers['retry-after'] = String(Math.ceil(problem.retryAfterSeconds));
  const body = problem.toBody(exchange.context.requestId);
  sendResult(response, { status: problem.status, body, headers }, 'application/problem+json');
}

/** For a request that nothing took: its path is unknown (404), or known with other methods (405). */
export function answerUntaken(request: IncomingMessage, response: ServerResponse): void {
  const { allowed } = exchangeOf(response);
  if (allowed === undefined) {
    throw new Problem({ status: 404, code: 'not_found', detail: 'There is nothing at this address.' });
  }
  const allow = [...allowed, 'OPTIONS'].join(', ');
  if (request.method === 'OPTIONS') {
    sendResult(response, { status: 204, headers: { allow } });
    return;
  }
  throw new Problem({
    status: 405,
    code: 'method_not_allowed',
    detail: `This address takes ${allow}.`,
    headers: { allow },
  });
}

/** Turns whatever was thrown into a problem. */
export function answerError(
  problemFor: (error: unknown) => Problem | undefined,
): (error: unknown, response: ServerResponse) => void {
  return (error, response) => {
    // The request was answered before, because its handler took too long.
    if (response.writableEnded) return;
    const problem = toProblem(error, problemFor);
    // A refusal is the client's business; only what went wrong on our side belongs in the log with its stack.
    if (problem.status >= 500)
      exchangeOf(response).error = error instanceof Problem ? (error.cause ?? error) : error;
    if (response.headersSent) {
      // Half an answer is out. Cutting the connection is the only way left to tell that the rest is missing.
      response.destroy();
      return;
    }
    sendProblem(response, problem);
  };
}

function toProblem(error: unknown, problemFor: (error: unknown) => Problem | undefined): Problem {
  if (error instanceof Problem) return error;
  return (
    problemFor(error) ??
    httpProblem(error) ??
    new Problem({
      status: 500,
      code: 'internal_error',
      detail: 'Something went wrong on our side. Quote the instance when you report it.',
      cause: error,
    })
  );
}

const HTTP_PROBLEMS: Readonly<Record<number, { code: string; detail: string }>> = {
  400: { code: 'invalid_request', detail: 'The request could not be read.' },
  413: { code: 'payload_too_large', detail: 'The body is larger than this address takes.' },
  415: {
    code: 'unsupported_media_type',
    detail: 'The body has a content type, charset or encoding that is not taken here.',
  },
};

/** Express and its body parser throw errors that carry an HTTP status; their messages quote the request, so ours replace them. */
function httpProblem(error: unknown): Problem | undefined {
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return undefined;
  const known = HTTP_PROBLEMS[error.status];
  if (known === undefined) return undefined;
  const broken = 'type' in error && error.type === 'entity.parse.failed';
  return new Problem({
    status: error.status,
    ...known,
    ...(broken ? { detail: 'The body is not valid JSON.' } : {}),
    cause: error,
  });
}
