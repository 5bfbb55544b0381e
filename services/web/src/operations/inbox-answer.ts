import { wholeAnswer } from '../api/whole-answer.ts';
import { fromElsewhere, NEVER_KEPT, problem } from '../session/answers.ts';
import { principalOf } from '../session/principal.ts';
import { mayRead } from '../session/same-origin.ts';
import { exchangeSession, type TransactionAccess } from '../session/session-client.ts';
import type { Captured } from './captured.ts';

interface Inbox {
  /** What the outside world has caught; undefined where there is no such thing. */
  address: string | undefined;
  read: (answer: unknown) => Captured[];
}

interface Asking {
  headers: Pick<Headers, 'get'>;
  session: string | undefined;
  access: TransactionAccess;
}

const TIMEOUT_MS = 5_000;
const RETRY_AFTER = { 'retry-after': '2' };

/** An inbox of the demo, for a page of ours at which an operator sits: others' messages are in it. */
export async function inboxAnswer({ headers, session, access }: Asking, inbox: Inbox): Promise<Response> {
  if (inbox.address === undefined) return problem(404, 'not_found', 'There is no such inbox here.');
  if (!mayRead(headers)) return fromElsewhere();
  const exchange =
    session === undefined ? ({ outcome: 'refused' } as const) : await exchangeSession(access, session);
  if (exchange.outcome === 'refused') {
    return problem(401, 'unauthenticated', 'There is no session any more. Sign in again.');
  }
  if (exchange.outcome === 'unavailable') {
    return problem(
      503,
      'temporarily_unavailable',
      'The session cannot be checked at the moment.',
      RETRY_AFTER,
    );
  }
  if (principalOf(exchange.token)?.kind !== 'operator') {
    return problem(403, 'forbidden', 'Only operators may read the inbox.');
  }
  try {
    const answer = await wholeAnswer(inbox.address, { cache: 'no-store' }, { timeoutMs: TIMEOUT_MS });
    if (!answer.ok) throw new Error(`It answered ${answer.status}`);
    return Response.json({ data: inbox.read(await answer.json()) }, { headers: NEVER_KEPT });
  } catch {
    return problem(503, 'temporarily_unavailable', 'The inbox does not answer at the moment.', RETRY_AFTER);
  }
}
