import { cookies } from 'next/headers';
import { config } from '../../config.ts';
import { countSession } from '../../metrics.ts';
import { fromElsewhere, NEVER_KEPT, problem } from '../../session/answers.ts';
import { isKey, noSessionCookies, sessionCookies } from '../../session/cookie.ts';
import { principalOf } from '../../session/principal.ts';
import { isSameOrigin } from '../../session/same-origin.ts';
import { exchangeKey } from '../../session/token-exchange.ts';

const KEY_REFUSED = 'This key is not known. Check that all of it was pasted, and nothing else.';

/** Opens a session for the owner of a key, once the key has proved to be one. */
export async function POST(request: Request): Promise<Response> {
  if (!isSameOrigin(request.headers)) return fromElsewhere();
  const body = (await request.json().catch(() => undefined)) as { key?: unknown } | undefined;
  const key = typeof body?.key === 'string' ? body.key.trim() : undefined;
  if (!isKey(key)) return problem(422, 'invalid_request', 'A key is letters, digits and _ . ~ + / = -');
  const exchange = await exchangeKey(config().transactionUrl, key);
  if (exchange.outcome === 'refused') {
    countSession('refused');
    return problem(401, 'unauthenticated', KEY_REFUSED);
  }
  if (exchange.outcome === 'unavailable') {
    countSession('unavailable');
    return problem(503, 'temporarily_unavailable', 'Keys cannot be checked at the moment.', {
      'retry-after': String(exchange.retryAfterSeconds),
    });
  }
  countSession('opened');
  const { token, secondsLeft } = exchange;
  const jar = await cookies();
  const kind = principalOf(token)?.kind ?? 'account';
  for (const cookie of sessionCookies(key, kind, request)) jar.set(cookie);
  return Response.json({ token, secondsLeft }, { status: 201, headers: NEVER_KEPT });
}

export async function DELETE(request: Request): Promise<Response> {
  if (!isSameOrigin(request.headers)) return fromElsewhere();
  countSession('ended');
  const jar = await cookies();
  for (const cookie of noSessionCookies(request)) jar.set(cookie);
  return new Response(null, { status: 204, headers: NEVER_KEPT });
}
