import { MAX_AMOUNT_MINOR, type Lane, type Party, type Transfer } from '@payfan/contracts';

/** A request to move money, after validation. Ids and times are given, so that deciding is pure. */
export interface TransferRequest {
  transferId: string;
  createdAt: Date;
  payerId: string;
  /** E.164. */
  payeePhone: string;
  /** Minor units. */
  amount: number;
  currency: Transfer['currency'];
  note: string;
  lane: Lane;
  idempotencyKey: string;
  /** Hash of what was asked, without the key: tells a repeat from another request under the same key. */
  fingerprint: string;
}

/** An account as locked for the decision. */
export interface LockedAccount extends Party {
  /** Minor units. */
  balance: number;
}

/** What was decided under an idempotency key, and is answered again for each repeat. */
export interface StoredDecision {
  fingerprint: string;
  decision: Decision;
}

/** A decision about money: it is stored under its key. */
export type Decision = { code: 'completed'; transfer: Transfer } | { code: 'insufficient_funds' };

/**
 * What becomes of a request. `decided` and `replayed` differ only in who caused the decision. `invalid`
 * requests were never decided and leave nothing behind: the same key may be used again once the reason is
 * gone.
 */
export type Outcome =
  | { kind: 'decided'; decision: Decision }
  | { kind: 'replayed'; decision: Decision }
  | { kind: 'invalid'; code: InvalidCode };
export type InvalidCode =
  | 'idempotency_key_reused'
  | 'payer_not_found'
  | 'recipient_not_found'
  | 'same_account'
  | 'balance_limit_exceeded';

/** A transfer that was decided and is to be written. */
export interface Movement {
  request: TransferRequest;
  transfer: Transfer;
  payer: Party;
  payee: Party;
  /** Balances after this transfer, in minor units. */
  payerBalance: number;
  payeeBalance: number;
}

/** All that a batch leads to: an outcome for each request, in order, and what is to be written. */
export interface Decided {
  outcomes: Outcome[];
  movements: Movement[];
  /** Decisions to store, with the requests that caused them. */
  decisions: { request: TransferRequest; decision: Decision }[];
  /** New balances of the accounts that moved, in minor units. */
  balances: Map<string, number>;
}

/** Idempotency keys are unique per account. */
export const keyOf = (request: Pick<TransferRequest, 'payerId' | 'idempotencyKey'>): string =>
  `${request.payerId} ${request.idempotencyKey}`;

/**
 * The rules of money: decides requests one after the other, in arrival order, over locked balances.
 *
 * Invariants: the sum of all balances is the same before and after; none falls below zero or passes
 * 2^53 − 1; one key leads to one decision; a refused request changes nothing for its neighbours.
 */
export function decide(
  requests: readonly TransferRequest[],
  accounts: readonly LockedAccount[],
  stored: ReadonlyMap<string, StoredDecision>,
): Decided {
  const byId = new Map(accounts.map((account) => [account.accountId, account]));
  const byPhone = new Map(accounts.map((account) => [account.phone, account]));
  const known = new Map(stored);
  const balances = new Map<string, number>();
  const balanceOf = (account: LockedAccount) => balances.get(account.accountId) ?? account.balance;
  const result: Decided = { outcomes: [], movements: [], decisions: [], balances };

  const decideOne = (request: TransferRequest): Outcome => {
    const earlier = known.get(keyOf(request));
    if (earlier !== undefined) {
      return earlier.fingerprint === request.fingerprint
        ? { kind: 'replayed', decision: earlier.decision }
        : { kind: 'invalid', code: 'idempotency_key_reused' };
    }
    const payer = byId.get(request.payerId);
    if (payer === undefined) return { kind: 'invalid', code: 'payer_not_found' };
    const payee = byPhone.get(request.payeePhone);
    if (payee === undefined) return { kind: 'invalid', code: 'recipient_not_found' };
    if (payee.accountId === payer.accountId) return { kind: 'invalid', code: 'same_account' };

    const payerBalance = balanceOf(payer) - request.amount;
    const payeeBalance = balanceOf(payee) + request.amount;
    if (payerBalance < 0) return record(request, { code: 'insufficient_funds' });
    if (payeeBalance > MAX_AMOUNT_MINOR) return { kind: 'invalid', code: 'balance_limit_exceeded' };

    const transfer = transferOf(request, payer, payee);
    balances.set(payer.accountId, payerBalance);
    balances.set(payee.accountId, payeeBalance);
    result.movements.push({ request, transfer, payer, payee, payerBalance, payeeBalance });
    return record(request, { code: 'completed', transfer });
  };

  const record = (request: TransferRequest, decision: Decision): Outcome => {
    known.set(keyOf(request), { fingerprint: request.fingerprint, decision });
    result.decisions.push({ request, decision });
    return { kind: 'decided', decision };
  };

  for (const request of requests) result.outcomes.push(decideOne(request));
  return result;
}

function transferOf(request: TransferRequest, payer: Party, payee: Party): Transfer {
  return {
    id: request.transferId,
    status: 'completed',
    from: payer.phone,
    to: payee.phone,
    amount: request.amount,
    currency: request.currency,
    note: request.note,
    createdAt: request.createdAt.toISOString(),
  };
}
