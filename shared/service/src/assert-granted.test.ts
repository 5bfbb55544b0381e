import { assertGranted, assertOperatorOrGranted } from './assert-granted.ts';
import { Problem } from './problem.ts';
import type { Principal } from './token.ts';

const granted: Principal = { kind: 'service', name: 'gateway', grants: ['payout-owners', 'feeds'] };
const other: Principal = { kind: 'service', name: 'shop', grants: ['follow:feeds', 'batch'] };
const operator: Principal = { kind: 'operator', name: 'mira' };
const account: Principal = { kind: 'account', accountId: 'a-1', tier: 'premium' };

/** The status and detail of the problem that a check throws; undefined if it throws none. */
function refusal(check: () => void): [number, string | undefined] | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return [error.status, error.message];
  }
}

test.each([
  ['assertGranted', assertGranted],
  ['assertOperatorOrGranted', assertOperatorOrGranted],
])('%s lets a service do only what it was granted, and refuses accounts', (_name, check) => {
  expect(refusal(() => check(granted, 'feeds'))).toBeUndefined();
  expect(refusal(() => check(other, 'feeds'))).toEqual([
    403,
    'The service shop lacks the grant feeds: add it to SERVICE_GRANTS of the transaction service.',
  ]);
  expect(refusal(() => check(account, 'feeds'))).toEqual([
    403,
    'This needs the key of a service that has the grant feeds.',
  ]);
});

test('an operator may do it only where operators may', () => {
  expect(refusal(() => assertOperatorOrGranted(operator, 'feeds'))).toBeUndefined();
  expect(refusal(() => assertGranted(operator, 'feeds'))?.[0]).toBe(403);
});
