import { cookies } from 'next/headers';
import { countSession } from '../../../metrics.ts';
import { fromElsewhere, NEVER_KEPT, problem } from '../../../session/answers.ts';
import { sessionIn } from '../../../session/cookie.ts';
import { isSameOrigin } from '../../../session/same-origin.ts';
import { exchangeSession } from '../../../session/session-client.ts';
import { transactionAccess } from '../../../transaction-access.ts';

/** A new token for the session, to be kept in a page's memory. */
export async function POST(request: Request): Promise<Response> {
  if (!isSameOrigin(request.headers)) return fromElsewhere();
  const session = sessionIn(await cookies(), request.headers, request.url);
  const exchange =
    session === undefined
      ? ({ outcome: 'refused' } as const)
      : await exchangeSession(transactionAccess(request.headers), session);
  if (exchange.outcome === 'refused') {
    // The cookies stay: this may arrive after those of a session that was opened meanwhile, and take them along.
    if (session !== undefined) countSession('refused');
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
