import { Problem } from '../problem.ts';
import { sendResult } from './answer.ts';
import type { AnswerTimeouts } from './answer-timeouts.ts';
import { bodyReader, drain, UnreadBody, type ReadBody } from './body.ts';
import { inputParser } from './validate.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Authenticate, Caller } from '../auth.ts';
import { exchangeOf } from './exchange.ts';
import type { Intake } from './intake.ts';
import type { Principal } from '../token.ts';
import type { AnyHandler, AnyRoute } from './route.ts';

/** What the address says beyond the route's own path. */
interface Address {
  readonly params: unknown;
  readonly query: unknown;
}

export type Operation = (
  request: IncomingMessage,
  response: ServerResponse,
  address: Address,
) => Promise<void>;

export interface OperationOptions {
  readonly authenticate: Authenticate | undefined;
  readonly intake: Intake;
  readonly answerTimeouts: AnswerTimeouts;
}

/** One route, ready to answer: who is it, what do they send, is it right, do it, tell. */
export function createOperation(
  route: AnyRoute,
  handler: AnyHandler,
  { authenticate, intake, answerTimeouts }: OperationOptions,
): Operation {
  if (route.auth === 'required' && authenticate === undefined) {
    throw new Error(
      `${route.method} ${route.path} requires authentication: give createApi an authenticate function`,
    );
  }
  const readBody =
    route.body === undefined ? undefined : bodyReader(route.bodyLimit, Object.keys(route.streams ?? {}));
  const slots = route.slots === undefined ? undefined : intake.slots(route.slots);
  const parseInput = inputParser(route);

  return async (request, response, { params, query }) => {
    if (route.takesLong !== true) answerTimeouts.watch(request, response);
    // Strangers are turned away before a byte of their body is read.
    const principal =
      route.auth === 'required' && authenticate !== undefined
        ? await identify(request, exchangeOf(response).caller, route.authenticate ?? authenticate)
        : undefined;
    const answer = (body?: unknown, stream?: AsyncIterable<Buffer>) => {
      const input = parseInput({ params, query, headers: request.headers, body });
      return handler({ principal, ...input, stream, request });
    };
    const answerBody = async (read: ReadBody) => {
      const admission = intake.admit(principal, slots);
      let isUnread = false;
      try {
        const body = await read(request, response, admission.takeBytes);
        isUnread = body instanceof UnreadBody;
        return await (body instanceof UnreadBody ? answer(undefined, body.stream) : answer(body));
      } finally {
        admission.release();
        if (isUnread) await drain(request);
      }
    };
    const result = await (readBody === undefined ? answer() : answerBody(readBody));
    // The request was answered with 503 before, because the handler took too long.
    if (response.headersSent) return;
    sendResult(response, result, route.responses[result.status]?.contentType);
  };
}

async function identify(
  request: IncomingMessage,
  caller: Caller,
  authenticate: Authenticate,
): Promise<Principal> {
  const principal = await authenticate(bearerOf(request), caller);
  if (principal === undefined) {
    throw unauthenticated('The key or token is not valid, or has expired.', 'Bearer error="invalid_token"');
  }
  return principal;
}

/** The key or token that a request carries. Throws a 401 Problem if it has none. */
export function bearerOf({ headers: { authorization } }: Pick<IncomingMessage, 'headers'>): string {
  if (authorization === undefined) {
    throw unauthenticated('Send your API key or token: Authorization: Bearer <key or token>.', 'Bearer');
  }
  const bearer = /^bearer +([\w.~+/=-]+) *$/i.exec(authorization)?.[1];
  if (bearer === undefined) {
    throw unauthenticated(
      'The Authorization header must be: Bearer <key or token>.',
      'Bearer error="invalid_request"',
    );
  }
  return bearer;
}

/** @param challenge RFC 6750, 3: why, in a form that programs read */
export function unauthenticated(detail: string, challenge: string): Problem {
  return new Problem({
    status: 401,
    code: 'unauthenticated',
    detail,
    headers: { 'www-authenticate': challenge },
  });
}
