import { hash } from 'node:crypto';
import type { CreateTransfer, Lane, Transfer } from '@payfan/contracts';

/** A request to move money, after validation. */
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
  /** Of the payout that it is a part of. */
  payoutId?: string;
  idempotencyKey: string;
  /** Hash of what was asked, without the key: tells a repeat from another request under the same key. */
  fingerprint: string;
}

/**
 * A decision about money: it is stored under its key, and answered again for each repeat. `response` is the
 * transfer as JSON, to the letter as it was first answered.
 */
export type Decision = { code: 'completed'; response: string } | { code: 'insufficient_funds' };

/**
 * What becomes of a request. `decided` and `replayed` differ only in who caused the decision. `invalid`
 * requests were never decided and leave nothing behind: the same key may be used again once the reason is
 * gone. `limited` requests were not looked at, because their account named too many unknown payees.
 */
export type Outcome =
  | { kind: 'decided'; decision: Decision }
  | { kind: 'replayed'; decision: Decision }
  | { kind: 'invalid'; code: InvalidCode }
  | { kind: 'limited'; retryAfterSeconds: number };
export type InvalidCode =
  | 'idempotency_key_reused'
  | 'payer_not_found'
  | 'recipient_not_found'
  | 'same_account'
  | 'balance_limit_exceeded';

/** The id that a transfer got when it was first asked for. */
export const firstIdOf = ({ response }: Extract<Decision, { code: 'completed' }>): string =>
  (JSON.parse(response) as Transfer).id;

/** Idempotency keys are unique per account. */
export const keyOf = (request: Pick<TransferRequest, 'payerId' | 'idempotencyKey'>): string =>
  `${request.payerId} ${request.idempotencyKey}`;

/** SHA-256 of what is asked, as understood: two spellings of a phone number are one request. */
export function fingerprintOf({ to, amount, currency, note }: CreateTransfer): string {
  return hash('sha256', JSON.stringify([to, amount, currency, note]));
}

/**
 * A transfer as its payer sees it, as JSON: after its id, status and the payer's phone number, which are known
 * once it is decided.
 */
export function responseTail({ payeePhone: to, amount, currency, note, createdAt }: TransferRequest): string {
  const fields = { to, amount, currency, note, createdAt: createdAt.toISOString() } satisfies Omit<
    Transfer,
    'id' | 'status' | 'from'
  >;
  return `,${JSON.stringify(fields).slice(1)}`;
}
