import { makeTransfers } from './make-transfers.ts';
import { newId } from '@payfan/service';
import { aRequest, openLedger, TRACE, wantedOf, type TestLedger } from './testing/ledger.ts';
import { commitTransfers } from './transfer-store.ts';
import type { TransferRequest } from './transfer.ts';

const PER_HOUR = 20;
const NOBODY = '+919999999999';
const START = Date.parse('2026-01-01T00:00:00Z');

let ledger: TestLedger;
beforeEach(async () => {
  ledger = await openLedger(3);
  await ledger.setBalances([1_000, 1_000, 0]);
});
afterEach(() => ledger.close());

const asked = (fields: Partial<TransferRequest> = {}, atSeconds = 0) =>
  aRequest({
    payerId: ledger.people[0]!.id,
    payeePhone: NOBODY,
    amount: 1,
    createdAt: new Date(START + atSeconds * 1_000),
    ...fields,
  });
const commit = async (requests: TransferRequest[], perHour = PER_HOUR) => {
  const lease = { holder: newId(), seconds: 0 };
  const { outcomes } = await commitTransfers(ledger.database, requests.map(wantedOf), lease, perHour);
  return outcomes.map((outcome) => {
    if (outcome.kind === 'limited') return `limited ${outcome.retryAfterSeconds}`;
    return outcome.kind === 'invalid' ? outcome.code : outcome.decision.code;
  });
};
const misses = (count: number) => Array.from({ length: count }, () => asked());
const kindsOf = (names: string[]) => new Set(names);

test('beyond the limit every transfer of the account gets the same refusal, for every payee and every amount', async () => {
  expect(kindsOf(await commit(misses(PER_HOUR)))).toEqual(new Set(['recipient_not_found']));
  const payees = [NOBODY, ...ledger.people.slice(1).map(({ phone }) => phone)];
  const requests = payees.flatMap((payeePhone) => [
    asked({ payeePhone }),
    asked({ payeePhone, amount: 5_000 }),
  ]);
  expect(kindsOf(await commit(requests))).toEqual(new Set(['limited 180']));
  expect(await ledger.balances()).toEqual([1_000, 1_000, 0]);
  // Other accounts are not concerned.
  expect(await commit([asked({ payerId: ledger.people[1]!.id })])).toEqual(['recipient_not_found']);
});

test('after the wait one more miss is allowed, and after an hour all of them', async () => {
  const payeePhone = ledger.people[1]!.phone;
  await commit(misses(PER_HOUR));
  expect(await commit([asked({}, 179)])).toEqual(['limited 1']);
  expect(await commit([asked({}, 180), asked({ payeePhone }, 180)])).toEqual([
    'recipient_not_found',
    'limited 180',
  ]);
  const later = Array.from({ length: PER_HOUR + 1 }, () => asked({}, 2 * 3_600));
  expect((await commit(later)).filter((name) => name === 'recipient_not_found')).toHaveLength(PER_HOUR);
});

test('payees that exist, amounts that are not affordable, repeats and lines of payouts are no misses', async () => {
  const payeePhone = ledger.people[1]!.phone;
  const paid = asked({ payeePhone });
  const requests = Array.from({ length: PER_HOUR + 1 }, () => [
    asked({ payeePhone }),
    paid,
    asked({ amount: 5_000 }),
    asked({ lane: 'bulk', payoutId: newId() }),
  ]).flat();
  expect([...kindsOf(await commit(requests))].sort()).toEqual([
    'completed',
    'insufficient_funds',
    'recipient_not_found',
  ]);
  expect(await commit([asked()])).toEqual(['recipient_not_found']);
});

test('a refused request stores nothing under its key, and a decided one is repeated beyond the limit', async () => {
  const paid = asked({ payeePhone: ledger.people[1]!.phone });
  const refused = asked({ payeePhone: ledger.people[1]!.phone });
  await commit([paid, ...misses(PER_HOUR)]);
  expect(await commit([refused, paid])).toEqual(['limited 180', 'completed']);
  expect(await commit([{ ...refused, createdAt: new Date(START + 180_000) }])).toEqual(['completed']);
});

test('without a limit nothing is counted', async () => {
  expect(kindsOf(await commit(misses(3 * PER_HOUR), 0))).toEqual(new Set(['recipient_not_found']));
  expect(await commit([asked()])).toEqual(['recipient_not_found']);
});

test('the limit is exact when many requests of an account arrive at several processes at once', async () => {
  const outbox = {
    lease: () => ({ holder: newId(), seconds: 0 }),
    handOff: () => undefined,
    abandon: () => undefined,
  };
  const processes = [ledger.database, ledger.another()].map((database) =>
    makeTransfers({
      ...{ database, outbox, newId, groupMax: 8, groupsAtOnce: 2, queueMax: 1_000 },
      unknownPayeesPerHour: PER_HOUR,
    }),
  );
  const outcomes = await Promise.all(
    Array.from({ length: 200 }, (_, n) => processes[n % 2]!({ request: asked(), trace: TRACE })),
  );
  expect(outcomes.filter(({ kind }) => kind === 'invalid')).toHaveLength(PER_HOUR);
  expect(outcomes.filter(({ kind }) => kind === 'limited')).toHaveLength(200 - PER_HOUR);
});
