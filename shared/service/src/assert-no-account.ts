import { Problem } from './problem.ts';
import type { Principal } from './token.ts';

/** For what services and operators may ask, whosever it is. Rejects everybody with an account by a 403 problem. */
export function assertNoAccount({ kind }: Principal): void {
  if (kind !== 'account') return;
  throw new Problem({ status: 403, code: 'forbidden', detail: 'This is for services and operators only.' });
}
