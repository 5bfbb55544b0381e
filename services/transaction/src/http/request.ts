import { Problem, type Principal } from '@payfan/service';

/** The account that a request acts for; operators and services have none. */
export function accountOf(principal: Principal): string {
  if (principal.kind === 'account') return principal.accountId;
  throw new Problem({ status: 403, code: 'forbidden', detail: "This needs an account's key or token." });
}

/** Reads the `after` of a list: the id of an entry. */
export function readCursor(after: string | undefined): number | null {
  if (after === undefined) return null;
  const id = Number(after);
  if (/^[1-9]\d{0,15}$/.test(after) && Number.isSafeInteger(id)) return id;
  throw new Problem({
    status: 400,
    code: 'invalid_request',
    detail: 'The cursor is not one of ours.',
    errors: [{ in: 'query', path: 'after', message: 'must be the nextCursor of an earlier page' }],
  });
}
