import { MAX_AMOUNT_MINOR, parsePaymentEvent, Transfer } from '@payfan/contracts';
import fc from 'fast-check';
import { newId } from '@payfan/service';
import { makeTransfers } from './make-transfers.ts';
import { keyOf, type Outcome, type TransferRequest } from './transfer.ts';
import { commitTransfers } from './transfer-store.ts';
import { aRequest, openLedger, TRACE, wantedOf, type TestLedger } from './testing/ledger.ts';

const PEOPLE = 4;
const NOBODY = '+919999999999';
const LEASE = { holder: newId(), seconds: 20 };

let ledger: TestLedger;
beforeAll(async () => {
  ledger = await openLedger(PEOPLE);
});
afterAll(() => ledger.close());

const commit = (requests: TransferRequest[]) =>
  commitTransfers(ledger.database, requests.map(wantedOf), LEASE);
function nameOf(outcome: Outcome): string {
  if (outcome.kind === 'limited') return 'limited';
  return outcome.kind === 'invalid' ? outcome.code : `${outcome.kind} ${outcome.decision.code}`;
}
const namesOf = async (requests: TransferRequest[]) => (await commit(requests)).outcomes.map(nameOf);
const sum = (values: readonly number[]) => values.reduce((total, value) => total + BigInt(value), 0n);
const personAt = (n: number) => ledger.people[n]!;

/** The same rules, one request at a time, as anyone would write them first. */
function oneByOne(requests: readonly TransferRequest[], openings: readonly number[]) {
  const { people } = ledger;
  const balances = new Map(people.map(({ id }, index) => [id, openings[index]!]));
  const keys = new Map<string, { fingerprint: string; code: string }>();
  const outcomes = requests.map((r): string => {
    const seen = keys.get(keyOf(r));
    if (seen) return seen.fingerprint === r.fingerprint ? `replayed ${seen.code}` : 'idempotency_key_reused';
    if (!balances.has(r.payerId)) return 'payer_not_found';
    const payee = people.find(({ phone }) => phone === r.payeePhone);
    if (payee?.id === r.payerId) return 'same_account';
    const remember = (code: string) => {
      keys.set(keyOf(r), { fingerprint: r.fingerprint, code });
      return `decided ${code}`;
    };
    // Even if there is no such payee.
    if (balances.get(r.payerId)! < r.amount) return remember('insufficient_funds');
    if (!payee) return 'recipient_not_found';
    if (BigInt(balances.get(payee.id)!) + BigInt(r.amount) > BigInt(MAX_AMOUNT_MINOR))
      return 'balance_limit_exceeded';
    balances.set(r.payerId, balances.get(r.payerId)! - r.amount);
    balances.set(payee.id, balances.get(payee.id)! + r.amount);
    return remember('completed');
  });
  return { outcomes, balances: people.map(({ id }) => balances.get(id)) };
}

/** Few people, few keys and amounts around the balances, so that every rule is met often. */
const amounts = fc.oneof(
  fc.integer({ min: 1, max: 500 }),
  fc.constantFrom(1, MAX_AMOUNT_MINOR, MAX_AMOUNT_MINOR - 1, MAX_AMOUNT_MINOR / 2 + 0.5),
);
interface Draw {
  /** The place of somebody; the last place is nobody's. */
  payer: number;
  payee: number;
  amount: number;
  key: string;
  fingerprint: string;
}
const drawn = fc.array(
  fc.record<Draw>({
    payer: fc.nat(PEOPLE),
    payee: fc.nat(PEOPLE),
    amount: amounts,
    key: fc.constantFrom('k1', 'k2', 'k3', 'k4', 'k5'),
    fingerprint: fc.constantFrom('01', '02'),
  }),
  { maxLength: 40 },
);
const openings = fc.tuple(
  ...Array.from({ length: PEOPLE }, () =>
    fc.oneof(fc.integer({ min: 0, max: 1_000 }), fc.constant(MAX_AMOUNT_MINOR)),
  ),
);
const GONE = newId();

/** Keys are those of this run: what earlier ones decided stays decided. */
function requestsOf(draws: readonly Draw[]): TransferRequest[] {
  const run = newId();
  return draws.map(({ payer, payee, amount, key, fingerprint }) =>
    aRequest({
      payerId: ledger.people[payer]?.id ?? GONE,
      payeePhone: ledger.people[payee]?.phone ?? NOBODY,
      amount,
      idempotencyKey: `${run}-${key}`,
      fingerprint,
    }),
  );
}

describe('commit_transfers', () => {
  test('gives the outcomes and balances of a naive one-by-one model, in one call or in two', async () => {
    await fc.assert(
      fc.asyncProperty(drawn, openings, fc.nat(40), async (draws, balances, cut) => {
        await ledger.setBalances(balances);
        const requests = requestsOf(draws);
        const expected = oneByOne(requests, balances);
        const outcomes = [
          ...(await namesOf(requests.slice(0, cut))),
          ...(await namesOf(requests.slice(cut))),
        ];
        expect(outcomes).toEqual(expected.outcomes);
        expect(await ledger.balances()).toEqual(expected.balances);
      }),
      { numRuns: 150 },
    );
  });

  test('writes for each completed transfer what it answers: two entries, and an event for both sides', async () => {
    await fc.assert(
      fc.asyncProperty(drawn, openings, async (draws, balances) => {
        await ledger.setBalances(balances);
        const requests = requestsOf(draws);
        const { outcomes, toPublish } = await commit(requests);
        expect(sum(await ledger.balances())).toBe(sum(balances));

        const completed = outcomes.flatMap((outcome, index) =>
          outcome.kind === 'decided' && outcome.decision.code === 'completed'
            ? [{ request: requests[index]!, response: outcome.decision.response }]
            : [],
        );
        const running = new Map(ledger.people.map(({ id }, index) => [id, balances[index]!]));
        const entries = await ledger.admin.query<{
          transfer_id: string;
          account_id: string;
          amount: number;
          balance: number;
        }>({
          text: `select transfer_id, account_id, amount, balance from transaction.entries
                 where transfer_id = any ($1) order by id`,
          values: [requests.map(({ transferId }) => transferId)],
        });
        const expected = completed.flatMap(({ request: { transferId, payerId, payeePhone, amount } }) => {
          const payeeId = ledger.people.find(({ phone }) => phone === payeePhone)!.id;
          running.set(payerId, running.get(payerId)! - amount);
          running.set(payeeId, running.get(payeeId)! + amount);
          const entry = (accountId: string, change: number) => {
            return {
              transfer_id: transferId,
              account_id: accountId,
              amount: change,
              balance: running.get(accountId),
            };
          };
          return [entry(payerId, -amount), entry(payeeId, amount)];
        });
        expect(entries).toEqual(expected);

        for (const { request, response } of completed) {
          expect(Transfer.parse(JSON.parse(response))).toMatchObject({
            id: request.transferId,
            to: request.payeePhone,
            amount: request.amount,
          });
        }
        const told: unknown[] = toPublish.map(({ body }) => parsePaymentEvent(Buffer.from(body)));
        expect(told).toEqual(
          completed.map(({ request }): unknown =>
            expect.objectContaining({
              ok: true,
              event: expect.objectContaining({
                subject: request.transferId,
                data: expect.objectContaining({
                  payer: expect.objectContaining({ accountId: request.payerId }),
                  payee: expect.objectContaining({ phone: request.payeePhone }),
                }),
              }),
            }),
          ),
        );
      }),
      { numRuns: 50 },
    );
  });

  test('an amount that the payer cannot afford has the same outcome for every payee, known or not, also when it is repeated', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1_000 }), fc.nat(999), async (amount, shortBy) => {
        await ledger.setBalances([Math.max(0, amount - 1 - shortBy), 0, MAX_AMOUNT_MINOR, 0]);
        const others = ledger.people.slice(1).map(({ phone }) => phone);
        const requests = [...others, NOBODY].map((payeePhone) =>
          aRequest({ payerId: personAt(0).id, payeePhone, amount }),
        );
        const expected = requests.map(() => 'insufficient_funds');
        expect(await namesOf([...requests, ...requests])).toEqual([
          ...expected.map((code) => `decided ${code}`),
          ...expected.map((code) => `replayed ${code}`),
        ]);
        expect(await namesOf(requests)).toEqual(expected.map((code) => `replayed ${code}`));
      }),
      { numRuns: 25 },
    );
  });

  test('a repeat is answered to the letter, whatever the balance is now', async () => {
    await ledger.setBalances([50, 0, 0, 0]);
    const request = aRequest({
      payerId: personAt(0).id,
      payeePhone: personAt(1).phone,
      amount: 50,
      note: '"₹\\',
    });
    const refused = aRequest({ payerId: personAt(0).id, payeePhone: personAt(1).phone, amount: 1 });
    const first = await commit([request, refused]);
    await ledger.setBalances([1_000, 0, 0, 0]);
    const again = await commit([request, refused]);
    expect(again.outcomes).toEqual(first.outcomes.map((outcome) => ({ ...outcome, kind: 'replayed' })));
    expect(again.toPublish).toEqual([]);
  });

  test('without a lease events are written, and are nobody’s to hand off', async () => {
    await ledger.setBalances([50, 0, 0, 0]);
    const wanted = wantedOf(aRequest({ payerId: personAt(0).id, payeePhone: personAt(1).phone, amount: 50 }));
    const { toPublish } = await commitTransfers(ledger.database, [wanted], { ...LEASE, seconds: 0 });
    expect(toPublish).toEqual([]);
    const rows = await ledger.admin.query({
      text: 'select from transaction.outbox where event_id = $1 and leased_until <= clock_timestamp()',
      values: [wanted.draft.eventId],
    });
    expect(rows).toHaveLength(1);
  });

  test('several instances and one merchant in every other transfer neither deadlock nor lose a paisa', async () => {
    await ledger.setBalances([100_000, 100_000, 100_000, 100_000]);
    const outbox = { lease: () => LEASE, handOff: () => undefined, abandon: () => undefined };
    const instances = [ledger.database, ledger.another(), ledger.another()].map((database) =>
      makeTransfers({ database, outbox, newId, groupMax: 64, groupsAtOnce: 2, queueMax: 10_000 }),
    );
    const outcomes = await Promise.all(
      Array.from({ length: 3_000 }, (_, n) => {
        const [from, to] = n % 2 === 0 ? [1 + (n % 3), 0] : [n % 4, 1 + ((n % 4) % 3)];
        const request = aRequest({
          payerId: personAt(from).id,
          payeePhone: personAt(to).phone,
          amount: 1 + (n % 7),
        });
        return instances[n % 3]!({ request, trace: TRACE });
      }),
    );
    expect(new Set(outcomes.map(nameOf)).has('decided completed')).toBe(true);
    expect(outcomes.map(nameOf).filter((name) => !/^decided|^same_account/.test(name))).toEqual([]);
    expect(sum(await ledger.balances())).toBe(400_000n);
  });
});
