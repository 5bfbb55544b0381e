import type { Party, Payout, PayoutCancelReason } from '@payfan/contracts';
import type { Queryable } from '@payfan/database';
import type { NewPayout } from './payout.ts';
import type { Trace } from './payout-events.ts';
import type { UnknownPayees } from './unknown-payees.ts';

/** A payout with the number of its changes so far. */
export interface StoredPayout {
  payout: Payout;
  version: number;
}

interface PayoutRow extends Omit<Payout, 'cancelReason' | 'createdAt' | 'updatedAt' | 'completedAt'> {
  version: number;
  cancel_reason: PayoutCancelReason | null;
  created_at: Date;
  updated_at: Date;
  completed_at: Date | null;
}

const COLUMNS = `id, lane, status, total, succeeded, failed, cancelled, cancel_reason, amount, paid, currency, version,
                 created_at, updated_at, completed_at`;

function toStored(row: PayoutRow): StoredPayout {
  const { version, cancel_reason, created_at, updated_at, completed_at, ...payout } = row;
  return {
    version,
    payout: {
      ...payout,
      ...(cancel_reason === null ? {} : { cancelReason: cancel_reason }),
      createdAt: created_at.toISOString(),
      updatedAt: updated_at.toISOString(),
      completedAt: completed_at?.toISOString() ?? null,
    },
  };
}

/** What was answered under a key of an account. */
export interface Remembered {
  id: string;
  answer: string;
  fingerprint: Buffer;
}

export async function findByKey(
  db: Queryable,
  accountId: string,
  idempotencyKey: string,
): Promise<Remembered | undefined> {
  const [row] = await db.query<Remembered>({
    name: 'payout-find-by-key',
    text: 'select id, answer, fingerprint from payouts where account_id = $1 and idempotency_key = $2',
    values: [accountId, idempotencyKey],
  });
  return row;
}

/** Writes a payout's row; false, and nothing, if its key has been used. */
export async function insertPayout(tx: Queryable, payout: NewPayout): Promise<boolean> {
  const inserted = await tx.query({
    name: 'payout-insert',
    text: `insert into payouts (id, account_id, idempotency_key, fingerprint, answer, lane, owner, traceparent,
                                correlation_id, currency, total, amount, created_at, updated_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)
           on conflict (account_id, idempotency_key) do nothing
           returning 1`,
    values: [
      payout.id,
      payout.accountId,
      payout.idempotencyKey,
      payout.fingerprint,
      payout.answer,
      payout.lane,
      JSON.stringify(payout.owner),
      payout.traceparent,
      payout.correlationId,
      payout.currency,
      payout.total,
      payout.amount,
      payout.createdAt,
    ],
  });
  return inserted.length > 0;
}

/** A payout of this account; of anybody's where `accountId` is null (the operator). */
export async function findPayout(
  db: Queryable,
  id: string,
  accountId: string | null,
): Promise<StoredPayout | undefined> {
  const [row] = await db.query<PayoutRow>({
    name: 'payout-find',
    text: `select ${COLUMNS} from payouts where id = $1 and ($2::uuid is null or account_id = $2)`,
    values: [id, accountId],
  });
  return row === undefined ? undefined : toStored(row);
}

/** The account whose payout it is; undefined if there is none. */
export async function findOwner(db: Queryable, id: string): Promise<string | undefined> {
  const [row] = await db.query<{ account_id: string }>({
    name: 'payout-find-owner',
    text: 'select account_id from payouts where id = $1',
    values: [id],
  });
  return row?.account_id;
}

/** The lines of an account's payouts that were created after `since`, and when the first that missed a payee was. */
export async function unknownPayeesSince(
  db: Queryable,
  accountId: string,
  since: Date,
): Promise<UnknownPayees & { firstAt: Date | null }> {
  const [row] = await db.query<UnknownPayees & { firstAt: Date | null }>({
    name: 'payouts-unknown-payees',
    text: `select coalesce(sum(total), 0)::bigint as lines,
                  coalesce(sum(unknown_payees), 0)::bigint as "unknownPayees",
                  min(created_at) filter (where unknown_payees > 0) as "firstAt"
           from payouts where account_id = $1 and created_at > $2`,
    values: [accountId, since],
  });
  return row ?? { lines: 0, unknownPayees: 0, firstAt: null };
}

/** A page of payouts, newest first; the id of the last one is the cursor to the next page. */
export async function listPayouts(
  db: Queryable,
  page: { accountId: string | null; before: string | null; limit: number },
): Promise<Payout[]> {
  const rows = await db.query<PayoutRow>(
    page.accountId === null
      ? {
          name: 'payouts-list-all',
          text: `select ${COLUMNS} from payouts where $1::uuid is null or id < $1 order by id desc limit $2`,
          values: [page.before, page.limit],
        }
      : {
          name: 'payouts-list',
          text: `select ${COLUMNS} from payouts where account_id = $3 and ($1::uuid is null or id < $1)
                 order by id desc limit $2`,
          values: [page.before, page.limit, page.accountId],
        },
  );
  return rows.map((row) => toStored(row).payout);
}

/** A payout that is being changed: nobody else changes it until the transaction ends. */
export interface LockedPayout extends StoredPayout {
  owner: Party;
  trace: Trace;
  /** Lines that failed because their payee has no wallet. */
  unknownPayees: number;
}

interface LockedRow extends PayoutRow {
  owner: Party;
  traceparent: string;
  correlation_id: string;
  unknown_payees: number;
}

/** Locks a payout of this account; of anybody's where `accountId` is null. */
export async function lockPayout(
  tx: Queryable,
  id: string,
  accountId: string | null,
): Promise<LockedPayout | undefined> {
  const [row] = await tx.query<LockedRow>({
    name: 'payout-lock',
    text: `select ${COLUMNS}, owner, traceparent, correlation_id, unknown_payees
           from payouts where id = $1 and ($2::uuid is null or account_id = $2)
           for no key update`,
    values: [id, accountId],
  });
  if (row === undefined) return undefined;
  const { owner, traceparent, correlation_id: correlationId, unknown_payees: unknownPayees, ...rest } = row;
  return { ...toStored(rest), owner, trace: { traceparent, correlationId }, unknownPayees };
}

/** Writes down how far a locked payout has come. */
export async function updatePayout(tx: Queryable, payout: Payout, unknownPayees: number): Promise<void> {
  await tx.query({
    name: 'payout-update',
    text: `update payouts set status = $2, succeeded = $3, failed = $4, cancelled = $5, paid = $6, updated_at = $7,
                              completed_at = $8, cancel_reason = $9, unknown_payees = $10, version = version + 1, quiet_until = '-infinity'
           where id = $1`,
    values: [
      payout.id,
      payout.status,
      payout.succeeded,
      payout.failed,
      payout.cancelled,
      payout.paid,
      payout.updatedAt,
      payout.completedAt,
      payout.cancelReason ?? null,
      unknownPayees,
    ],
  });
}

/** Until then nobody is to wonder why a payout does not move. */
export async function keepQuiet(db: Queryable, id: string, forMs: number): Promise<void> {
  await db.query({
    name: 'payout-keep-quiet',
    text: `update payouts set quiet_until = clock_timestamp() + make_interval(secs => $2::float8 / 1000) where id = $1`,
    values: [id, forMs],
  });
}
