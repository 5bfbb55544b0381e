import { Problem, type Principal } from '@payfan/service';

/** Rejects everybody else with a 403 problem. */
export function assertOperator({ kind }: Principal): void {
  if (kind === 'operator') return;
  throw new Problem({ status: 403, code: 'forbidden', detail: 'This is for operators only.' });
}
