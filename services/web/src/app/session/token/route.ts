import { cookies } from 'next/headers';
import { config } from '../../../config.ts';
import { countSession } from '../../../metrics.ts';
import { fromElsewhere, NEVER_KEPT, problem } from '../../../session/answers.ts';
import { isKey, SESSION_COOKIE } from '../../../session/cookie.ts';
import { isSameOrigin } from '../../../session/same-origin.ts';
import { exchangeKey } from '../../../session/token-exchange.ts';

/** A new token for the session, to be kept in a page's memory. */
export async function POST(request: Request): Promise<Response> {
  if (!isSameOrigin(request.headers)) return fromElsewhere();
  const jar = await cookies();
  const key = jar.get(SESSION_COOKIE)?.value;
  const exchange = isKey(key)
    ? await exchangeKey(config().transactionUrl, key)
    : ({ outcome: 'refused' } as const);
  if (exchange.outcome === 'refused') {
    // The cookies stay: this may arrive after those of a session that was opened meanwhile, and take them along.
    if (key !== undefined) countSession('refused');
    return problem(401, 'unauthenticated', 'There is no session any more. Sign in again.');
  }
  if (exchange.outcome === 'unavailable') {
    countSession('unavailable');
    return problem(503, 'temporarily_unavailable', 'The session cannot be renewed at the moment.', {
      'retry-after': String(exchange.retryAfterSeconds),
    });
  }
  countSession('renewed');
  const { token, secondsLeft } = exchange;
  return Response.json({ token, secondsLeft }, { headers: NEVER_KEPT });
}
