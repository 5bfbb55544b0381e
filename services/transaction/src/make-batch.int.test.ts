import type { BatchItem, BatchResult } from '@payfan/contracts';
import { newId } from '@payfan/service';
import fc from 'fast-check';
import { makeBatches, type InvalidItem } from './make-batch.ts';
import { makeTransfers } from './make-transfers.ts';
import { RoomForPeople } from './room-for-people.ts';
import { openLedger, TRACE, type TestLedger } from './testing/ledger.ts';

const PEOPLE = 4;
const NOBODY = '+919999999999';
/** Small, so that a batch is many slices and each slice many groups. */
const GROUP_MAX = 3;
const SLICE_MAX = 7;

let ledger: TestLedger;
beforeAll(async () => {
  ledger = await openLedger(PEOPLE);
});
afterAll(() => ledger.close());

const outbox = {
  lease: () => ({ holder: newId(), seconds: 20 }),
  handOff: () => undefined,
  abandon: () => undefined,
};
/** As a process of its own makes batches. */
const openProcess = (nowMs = () => performance.now()) => {
  const [database, limits] = [ledger.another(), { groupMax: GROUP_MAX, groupsAtOnce: 1, queueMax: 1_000 }];
  const makeTransfer = makeTransfers({ database, outbox, newId, ...limits });
  const room = new RoomForPeople({ share: 1, nowMs: () => performance.now() });
  return makeBatches({ makeTransfer, newId, now: () => new Date(), nowMs, sliceMax: SLICE_MAX, room });
};
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b);
/** Results of which every repeat gets the same. */
const isDecided = (result: BatchResult) => result.outcome === 'completed';
/**
 * An unknown payee is looked up again at each repeat, and the payer may not be able to afford the amount by then: both
 * refusals are right, and neither moves money.
 */
const repeatOf = (expected: readonly string[]) => (result: BatchResult, index: number) => {
  const becamePoor = expected[index] === 'recipient_not_found' && told(result) === 'insufficient_funds';
  return becamePoor ? 'recipient_not_found' : told(result);
};
const told = (result: BatchResult) => (result.outcome === 'completed' ? 'completed' : result.code);

type Item = BatchItem | InvalidItem;

/** The payer is the first of the people. The same rules, one item at a time, as anyone would write them first. */
function oneByOne(items: readonly Item[], openings: readonly number[]) {
  const balances = [...openings];
  const keys = new Map<string, string>();
  const codes = items.map((item): string => {
    if ('invalid' in item) return 'invalid_request';
    const { key, to, amount } = item;
    const seen = keys.get(key);
    if (seen !== undefined) return seen;
    const payee = ledger.people.findIndex(({ phone }) => phone === to);
    if (payee === 0) return 'same_account';
    if (balances[0]! < amount) {
      keys.set(key, 'insufficient_funds');
      return 'insufficient_funds';
    }
    if (payee === -1) return 'recipient_not_found';
    keys.set(key, 'completed');
    balances[0]! -= amount;
    balances[payee]! += amount;
    return 'completed';
  });
  return { codes, balances };
}

interface Draw {
  payee: number;
  amount: number;
  note: string;
}
/**
 * Few of them differ, so that every rule is met often, lines are there twice, and the balance runs out midway. What
 * is alike has the same key: that of a line names what the line says.
 */
const drawn: fc.Arbitrary<(Draw | null)[]> = fc.array(
  fc.option(
    fc.record({
      payee: fc.nat(PEOPLE),
      amount: fc.constantFrom(1, 50, 90, 200, 390),
      note: fc.constantFrom('', 'rent'),
    }),
    { freq: 9 },
  ),
  { minLength: 1, maxLength: 40 },
);
function itemsOf(payoutId: string, draws: readonly (Draw | null)[]): Item[] {
  return draws.map((draw) => {
    if (draw === null) return { invalid: 'amount: must be greater than zero' };
    const { payee, amount, note } = draw;
    const to = ledger.people[payee]?.phone ?? NOBODY;
    return { key: `payout:${payoutId}:${to}:${amount}:${note}`, to, amount, note, currency: 'INR' };
  });
}
const openings = fc.tuple(
  ...Array.from({ length: PEOPLE }, (_, n) => fc.integer({ min: 0, max: n === 0 ? 2_500 : 100 })),
);

test('gives the results and balances of a naive one-by-one model, though killed, sent again, and sent twice at once', async () => {
  const [one, another] = [openProcess(), openProcess()];
  await fc.assert(
    fc.asyncProperty(drawn, openings, fc.nat(40), async (draws, balances, cut) => {
      await ledger.setBalances(balances);
      const payoutId = newId();
      const items = itemsOf(payoutId, draws);
      const from = ledger.people[0]!.id;
      const expected = oneByOne(items, balances);

      // How far a process came that died: of what it did, nobody got the answer.
      const before = await one({ from, payoutId, items: items.slice(0, cut) }, TRACE);
      const batch = { from, payoutId, items };
      const again = await Promise.all([one(batch, TRACE), another(batch, TRACE)]);

      expect(before.map(told)).toEqual(expected.codes.slice(0, cut));
      for (const results of again) expect(results.map(repeatOf(expected.codes))).toEqual(expected.codes);
      expect(again[1].filter(isDecided)).toEqual(again[0].filter(isDecided));
      expect(again[0].slice(0, cut).filter(isDecided)).toEqual(before.filter(isDecided));
      const after = await ledger.balances();
      expect(after).toEqual(expected.balances);
      expect(sum(after)).toBe(sum(balances));
      const ids = again[0].flatMap((result) => (result.outcome === 'completed' ? [result.transferId] : []));
      expect(await ledgerOf(ids)).toEqual({ transfers: new Set(ids).size, left: 0 });
    }),
    { numRuns: 60 },
  );
});

/** How many of these transfers there are, and what their entries sum to. */
async function ledgerOf(ids: readonly string[]) {
  const [row] = await ledger.admin.query<{ transfers: number; left: number }>({
    text: `select (select count(*) from transaction.transfers where id = any ($1) and lane = 'bulk') as transfers,
                  (select coalesce(sum(amount), 0)::bigint from transaction.entries where transfer_id = any ($1)) as left`,
    values: [ids],
  });
  return row;
}

test('no paisa is made or lost when payouts, their payees’ payouts and several processes meet', async () => {
  await ledger.setBalances([5_000, 5_000, 5_000, 5_000]);
  const processes = [openProcess(), openProcess(), openProcess()];
  const results = await Promise.all(
    Array.from({ length: 30 }, (_, n) => {
      const payoutId = newId();
      const items = Array.from({ length: 50 }, (_, line): BatchItem => {
        const payee = ledger.people[(n + 1 + (line % 3)) % PEOPLE]!;
        const key = `payout:${payoutId}:${line}`;
        return { key, to: payee.phone, amount: 1 + ((n * 7 + line) % 90), currency: 'INR', note: '' };
      });
      const from = ledger.people[n % PEOPLE]!.id;
      return processes[n % 3]!({ from, payoutId, items }, TRACE);
    }),
  );
  const codes = new Set(results.flat().map(told));
  expect(codes.has('completed')).toBe(true);
  codes.delete('completed');
  codes.delete('insufficient_funds');
  expect(codes).toEqual(new Set());
  expect(sum(await ledger.balances())).toBe(20_000);
});

test('when its time is up a batch is answered as far as it came, and sent again it goes on from there', async () => {
  await ledger.setBalances([100, 0, 0, 0]);
  let nowMs = 0;
  const makeBatch = openProcess(() => (nowMs += 3_000));
  const payoutId = newId();
  const to = ledger.people[1]!.phone;
  const items = Array.from({ length: 4 * SLICE_MAX }, (_, line): BatchItem => {
    return { key: `payout:${payoutId}:${line}`, to, amount: 1, currency: 'INR', note: '' };
  });
  const batch = { from: ledger.people[0]!.id, payoutId, items };
  const first = await makeBatch(batch, TRACE);
  expect(first).toHaveLength(2 * SLICE_MAX);
  const rest = await makeBatch({ ...batch, items: items.slice(first.length) }, TRACE);
  expect(rest).toHaveLength(2 * SLICE_MAX);
  expect(await ledger.balances()).toEqual([100 - items.length, items.length, 0, 0]);
});
