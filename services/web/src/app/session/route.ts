import { cookies } from 'next/headers';
import { countSession } from '../../metrics.ts';
import { fromElsewhere, NEVER_KEPT, problem } from '../../session/answers.ts';
import { isKey, noSessionCookies, sessionCookies, sessionIn } from '../../session/cookie.ts';
import { principalOf } from '../../session/principal.ts';
import { isSameOrigin } from '../../session/same-origin.ts';
import { endSession, exchangeSession, openSession, type Opened } from '../../session/session-client.ts';
import { BodyTooLarge, readSmallBody } from '../../session/small-body.ts';
import { transactionAccess } from '../../transaction-access.ts';

const KEY_REFUSED = 'This key is not known. Check that all of it was pasted, and nothing else.';

/** Opens a session for the owner of a key. The browser is given the session alone. */
export async function POST(request: Request): Promise<Response> {
  if (!isSameOrigin(request.headers)) return fromElsewhere();
  const body = await readSmallBody(request).catch((error: unknown) => {
    if (error instanceof BodyTooLarge) return error;
    throw error;
  });
  if (body instanceof BodyTooLarge) return problem(413, 'payload_too_large', 'Send a key in at most 1 KB.');
  const key = (body as { key?: unknown } | null | undefined)?.key;
  const trimmed = typeof key === 'string' ? key.trim() : undefined;
  if (!isKey(trimmed)) return problem(422, 'invalid_request', 'A key is letters, digits and _ . ~ + / = -');

  const access = transactionAccess(request.headers);
  const opened = await openSession(access, trimmed);
  if (opened.outcome !== 'opened') return notOpened(opened);
  const exchange = await exchangeSession(access, opened.session);
  if (exchange.outcome !== 'token') return notOpened(exchange);
  countSession('opened');
  const { token, secondsLeft } = exchange;
  const jar = await cookies();
  const kind = principalOf(token)?.kind ?? 'account';
  for (const cookie of sessionCookies(opened.session, kind, request)) jar.set(cookie);
  return Response.json({ token, secondsLeft }, { status: 201, headers: NEVER_KEPT });
}

function notOpened(why: Exclude<Opened, { outcome: 'opened' }>): Response {
  countSession(why.outcome);
  if (why.outcome === 'refused') return problem(401, 'unauthenticated', KEY_REFUSED);
  return unavailable('Keys cannot be checked at the moment.', why);
}

/** Ends the session at the transaction service, so that a copy of the cookie is worth nothing. */
export async function DELETE(request: Request): Promise<Response> {
  if (!isSameOrigin(request.headers)) return fromElsewhere();
  const jar = await cookies();
  const session = sessionIn(jar, request.headers, request.url);
  const access = transactionAccess(request.headers);
  const ended = session === undefined ? undefined : await endSession(access, session);
  if (ended?.outcome === 'unavailable') {
    countSession('unavailable');
    return unavailable('The session cannot be ended at the moment.', ended);
  }
  countSession('ended');
  for (const cookie of noSessionCookies(request)) jar.set(cookie);
  return new Response(null, { status: 204, headers: NEVER_KEPT });
}

const unavailable = (detail: string, { retryAfterSeconds }: { retryAfterSeconds: number }): Response =>
  problem(503, 'temporarily_unavailable', detail, { 'retry-after': String(retryAfterSeconds) });
