import { Problem, type FieldError, type Principal } from '@payfan/service';
import { z } from 'zod';

/** The account that a request acts for; operators and services have none. */
export function accountOf(principal: Principal): Extract<Principal, { kind: 'account' }> {
  if (principal.kind === 'account') return principal;
  throw new Problem({ status: 403, code: 'forbidden', detail: "This needs an account's key or token." });
}

/** Whose payouts somebody may see: an account its own, the operator all (null). */
export function visibleTo(principal: Principal): string | null {
  return principal.kind === 'operator' ? null : accountOf(principal).accountId;
}

export const noPayout = () =>
  new Problem({ status: 404, code: 'not_found', detail: 'You have no payout with this id.' });

/** A path's id; what is none has no payout. */
export function payoutIdOf(params: { id: string }): string {
  const id = z.uuid().safeParse(params.id);
  if (id.success) return id.data;
  throw noPayout();
}

function badCursor(): Problem {
  return new Problem({
    status: 400,
    code: 'invalid_request',
    detail: 'The cursor is not one of ours.',
    errors: [{ in: 'query', path: 'after', message: 'must be the nextCursor of an earlier page' }],
  });
}

/** Reads the `after` of a list of payouts: the id of one. */
export function readPayoutCursor(after: string | undefined): string | null {
  if (after === undefined) return null;
  if (z.uuid().safeParse(after).success) return after;
  throw badCursor();
}

/** Reads the `after` of a list of lines: the number of one. */
export function readLineCursor(after: string | undefined): number {
  if (after === undefined) return 0;
  if (/^\d{1,9}$/.test(after)) return Number(after);
  throw badCursor();
}

/** What is told of a missing or bad Idempotency-Key. */
export function problemForKey(errors: readonly FieldError[]): Problem | undefined {
  if (!errors.some(({ in: place, path }) => place === 'header' && path === 'idempotency-key'))
    return undefined;
  return new Problem({
    status: 400,
    code: 'idempotency_key_missing',
    detail:
      'Send an Idempotency-Key header of 1 to 255 printable characters, a new one for each payout that is meant. ' +
      'Repeating a request with its key is then safe.',
  });
}
