import { MAX_AMOUNT_MINOR } from '@payfan/contracts';
import fc from 'fast-check';
import {
  decide,
  keyOf,
  type LockedAccount,
  type Outcome,
  type StoredDecision,
  type TransferRequest,
} from './transfer.ts';

const PEOPLE = ['a', 'b', 'c', 'd'];
const phoneOf = (id: string) => `+9170102333${id.charCodeAt(0)}`;

function account(accountId: string, balance: number): LockedAccount {
  return {
    accountId,
    name: accountId,
    phone: phoneOf(accountId),
    email: `${accountId}@example.com`,
    language: 'en',
    balance,
  };
}

function request(fields: Partial<TransferRequest> = {}): TransferRequest {
  return {
    transferId: 't1',
    createdAt: new Date('2026-01-01T00:00:00Z'),
    payerId: 'a',
    payeePhone: phoneOf('b'),
    amount: 100,
    currency: 'INR',
    note: '',
    lane: 'interactive',
    idempotencyKey: 'k1',
    fingerprint: 'f1',
    ...fields,
  };
}

/** The same rules, one request at a time, as anyone would write them first. */
function naive(requests: TransferRequest[], accounts: LockedAccount[], stored: Map<string, StoredDecision>) {
  const balances = new Map(accounts.map((a) => [a.accountId, a.balance]));
  const keys = new Map(stored);
  const outcomes = requests.map((r): string => {
    const seen = keys.get(keyOf(r));
    if (seen)
      return seen.fingerprint === r.fingerprint ? `replayed ${seen.decision.code}` : 'idempotency_key_reused';
    const payee = accounts.find((a) => a.phone === r.payeePhone);
    if (!payee) return 'recipient_not_found';
    if (payee.accountId === r.payerId) return 'same_account';
    const remember = (code: 'completed' | 'insufficient_funds') => {
      const decision = code === 'completed' ? { code, transfer: undefined as never } : { code };
      keys.set(keyOf(r), { fingerprint: r.fingerprint, decision });
      return `decided ${code}`;
    };
    if (balances.get(r.payerId)! < r.amount) return remember('insufficient_funds');
    if (BigInt(balances.get(payee.accountId)!) + BigInt(r.amount) > BigInt(MAX_AMOUNT_MINOR))
      return 'balance_limit_exceeded';
    balances.set(r.payerId, balances.get(r.payerId)! - r.amount);
    balances.set(payee.accountId, balances.get(payee.accountId)! + r.amount);
    return remember('completed');
  });
  return { outcomes, balances };
}

const nameOf = (outcome: Outcome): string =>
  outcome.kind === 'invalid' ? outcome.code : `${outcome.kind} ${outcome.decision.code}`;

/** Few accounts, few keys and amounts around the balances, so that every rule is met often. */
const amounts = fc.oneof(
  fc.integer({ min: 1, max: 500 }),
  fc.constantFrom(1, MAX_AMOUNT_MINOR, MAX_AMOUNT_MINOR - 1, MAX_AMOUNT_MINOR / 2 + 0.5),
);
const batches = fc
  .array(
    fc.record({
      payerId: fc.constantFrom(...PEOPLE),
      payeePhone: fc.constantFrom(...PEOPLE.map(phoneOf), '+919999999999'),
      amount: amounts,
      idempotencyKey: fc.constantFrom('k1', 'k2', 'k3', 'k4', 'k5'),
      fingerprint: fc.constantFrom('f1', 'f2'),
    }),
    { maxLength: 40 },
  )
  .map((all) => all.map((fields, index) => request({ ...fields, transferId: `t${index}` })));
const openings = fc.tuple(
  ...PEOPLE.map(() => fc.oneof(fc.integer({ min: 0, max: 1_000 }), fc.constant(MAX_AMOUNT_MINOR))),
);

describe('decide', () => {
  test('gives the outcomes and balances of a naive one-by-one model', () => {
    fc.assert(
      fc.property(batches, openings, (requests, balances) => {
        const accounts = PEOPLE.map((id, index) => account(id, balances[index]!));
        const decided = decide(requests, accounts, new Map());
        const expected = naive(requests, accounts, new Map());
        expect(decided.outcomes.map(nameOf)).toEqual(expected.outcomes);
        for (const { accountId, balance } of accounts) {
          expect(decided.balances.get(accountId) ?? balance).toBe(expected.balances.get(accountId));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('keeps the sum of all balances, and each within its bounds', () => {
    fc.assert(
      fc.property(batches, openings, (requests, balances) => {
        const accounts = PEOPLE.map((id, index) => account(id, balances[index]!));
        const { balances: after } = decide(requests, accounts, new Map());
        const sum = (of: number[]) => of.reduce((total, value) => total + BigInt(value), 0n);
        const afterwards = accounts.map(({ accountId, balance }) => after.get(accountId) ?? balance);
        expect(sum(afterwards)).toBe(sum(balances));
        for (const balance of afterwards) {
          expect(balance).toBeGreaterThanOrEqual(0);
          expect(Number.isSafeInteger(balance)).toBe(true);
        }
      }),
    );
  });

  test('splitting a batch in two changes nothing, if the decisions of the first are known to the second', () => {
    fc.assert(
      fc.property(batches, openings, fc.nat(40), (requests, balances, cut) => {
        const accounts = PEOPLE.map((id, index) => account(id, balances[index]!));
        const whole = decide(requests, accounts, new Map());

        const first = decide(requests.slice(0, cut), accounts, new Map());
        const between = accounts.map((a) => ({
          ...a,
          balance: first.balances.get(a.accountId) ?? a.balance,
        }));
        const known = new Map(
          first.decisions.map(({ request: r, decision }) => [
            keyOf(r),
            { fingerprint: r.fingerprint, decision },
          ]),
        );
        const second = decide(requests.slice(cut), between, known);

        expect([...first.outcomes, ...second.outcomes]).toEqual(whole.outcomes);
      }),
    );
  });

  test('every completed transfer is one debit and one credit of the same amount, written once', () => {
    fc.assert(
      fc.property(batches, openings, (requests, balances) => {
        const accounts = PEOPLE.map((id, index) => account(id, balances[index]!));
        const { movements, outcomes } = decide(requests, accounts, new Map());
        const completed = outcomes.filter((o) => o.kind === 'decided' && o.decision.code === 'completed');
        expect(movements.map((m) => m.transfer.id)).toEqual(
          completed.map(
            (o) => o.kind === 'decided' && o.decision.code === 'completed' && o.decision.transfer.id,
          ),
        );
        // Replaying the movements over the opening balances leads to the balances they claim.
        const ledger = new Map(accounts.map((a) => [a.accountId, a.balance]));
        for (const { payer, payee, transfer, payerBalance, payeeBalance } of movements) {
          ledger.set(payer.accountId, ledger.get(payer.accountId)! - transfer.amount);
          ledger.set(payee.accountId, ledger.get(payee.accountId)! + transfer.amount);
          expect(ledger.get(payer.accountId)).toBe(payerBalance);
          expect(ledger.get(payee.accountId)).toBe(payeeBalance);
        }
      }),
    );
  });

  test('a refused request leaves its neighbours alone', () => {
    const { outcomes, balances } = decide(
      [
        request({ transferId: 't1', idempotencyKey: 'k1', amount: 60 }),
        request({ transferId: 't2', idempotencyKey: 'k2', amount: 60 }),
        request({ transferId: 't3', idempotencyKey: 'k3', amount: 40 }),
      ],
      [account('a', 100), account('b', 0)],
      new Map(),
    );
    expect(outcomes.map(nameOf)).toEqual([
      'decided completed',
      'decided insufficient_funds',
      'decided completed',
    ]);
    expect(Object.fromEntries(balances)).toEqual({ a: 0, b: 100 });
  });

  test('what was decided earlier is answered again, whatever the balance is now', () => {
    const decision = { code: 'insufficient_funds' } as const;
    const stored = new Map([[keyOf(request()), { fingerprint: 'f1', decision }]]);
    const { outcomes, decisions } = decide([request()], [account('a', 1_000), account('b', 0)], stored);
    expect(outcomes).toEqual([{ kind: 'replayed', decision }]);
    expect(decisions).toEqual([]);
  });

  test('credentials of an account that is gone decide nothing', () => {
    const { outcomes, movements } = decide([request()], [account('b', 0)], new Map());
    expect(outcomes).toEqual([{ kind: 'invalid', code: 'payer_not_found' }]);
    expect(movements).toEqual([]);
  });
});
