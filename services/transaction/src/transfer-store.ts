import type { Transfer } from '@payfan/contracts';
import type { Queryable } from '@payfan/database';
import type { Decided, Decision, LockedAccount, StoredDecision, TransferRequest } from './transfer.ts';
import { keyOf } from './transfer.ts';

/**
 * Locks the accounts that these requests touch, in the order of their ids: two batches that share
 * accounts wait for each other and never deadlock. System accounts take no part in transfers.
 */
export function lockAccounts(tx: Queryable, requests: readonly TransferRequest[]): Promise<LockedAccount[]> {
  return tx.query<LockedAccount>({
    name: 'accounts-lock',
    text: `select id as "accountId", name, phone, email, language, balance
           from accounts
           where (id = any($1::uuid[]) or phone = any($2::text[])) and kind = 'person'
           order by id
           for no key update`,
    values: [requests.map((r) => r.payerId), requests.map((r) => r.payeePhone)],
  });
}

/** What was decided before under these requests' keys. To be called with the payers locked: then it is final. */
export async function findDecisions(
  tx: Queryable,
  requests: readonly TransferRequest[],
): Promise<Map<string, StoredDecision>> {
  const rows = await tx.query<{ account_id: string; key: string; fingerprint: string; response: Decision }>({
    name: 'decisions-find',
    text: `select account_id, key, encode(fingerprint, 'hex') as fingerprint, response
           from idempotency_keys
           where (account_id, key) in (select * from unnest($1::uuid[], $2::text[]))`,
    values: [requests.map((r) => r.payerId), requests.map((r) => r.idempotencyKey)],
  });
  return new Map(
    rows.map((row) => [
      keyOf({ payerId: row.account_id, idempotencyKey: row.key }),
      { fingerprint: row.fingerprint, decision: row.response },
    ]),
  );
}

/** Writes transfers and their entries, the new balances, and the decisions under their keys, each as a set. */
export async function writeDecided(tx: Queryable, decided: Decided): Promise<void> {
  const { movements, decisions, balances } = decided;
  if (movements.length > 0) {
    await tx.query({
      name: 'transfers-write',
      text: `with moved as (
               select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::text[],
                                    $7::text[], $8::timestamptz[], $9::bigint[], $10::bigint[])
               with ordinality as m(id, payer_id, payee_id, amount, currency, note, lane, created_at,
                                    payer_balance, payee_balance, n)
             ), written as (
               insert into transfers (id, payer_id, payee_id, amount, currency, note, lane, created_at)
               select id, payer_id, payee_id, amount, currency, note, lane, created_at from moved
             ), changed as (
               update accounts set balance = b.balance
               from unnest($11::uuid[], $12::bigint[]) as b(id, balance)
               where accounts.id = b.id
             )
             insert into entries (transfer_id, account_id, amount, balance, created_at)
             select m.id, side.account_id, side.amount, side.balance, m.created_at
             from moved m,
                  lateral (values (1, m.payer_id, -m.amount, m.payer_balance),
                                  (2, m.payee_id, m.amount, m.payee_balance)) as side(k, account_id, amount, balance)
             order by m.n, side.k`,
      values: [
        movements.map((m) => m.transfer.id),
        movements.map((m) => m.payer.accountId),
        movements.map((m) => m.payee.accountId),
        movements.map((m) => m.transfer.amount),
        movements.map((m) => m.transfer.currency),
        movements.map((m) => m.transfer.note),
        movements.map((m) => m.request.lane),
        movements.map((m) => m.transfer.createdAt),
        movements.map((m) => m.payerBalance),
        movements.map((m) => m.payeeBalance),
        [...balances.keys()],
        [...balances.values()],
      ],
    });
  }
  if (decisions.length > 0) {
    await tx.query({
      name: 'decisions-write',
      text: `insert into idempotency_keys (account_id, key, fingerprint, status, response, created_at)
             select d.account_id, d.key, decode(d.fingerprint, 'hex'), d.status, d.response, d.created_at
             from unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[], $5::jsonb[], $6::timestamptz[])
               as d(account_id, key, fingerprint, status, response, created_at)`,
      values: [
        decisions.map((d) => d.request.payerId),
        decisions.map((d) => d.request.idempotencyKey),
        decisions.map((d) => d.request.fingerprint),
        decisions.map((d) => (d.decision.code === 'completed' ? 201 : 402)),
        decisions.map((d) => JSON.stringify(d.decision)),
        decisions.map((d) => d.request.createdAt),
      ],
    });
  }
}

/** One transfer, if `accountId` is a party to it; any transfer where `accountId` is null (the operator). */
export async function findTransfer(
  db: Queryable,
  id: string,
  accountId: string | null,
): Promise<Transfer | undefined> {
  const [row] = await db.query<TransferRow>({
    name: 'transfer-find',
    text: `select ${TRANSFER_COLUMNS}
           from transfers t join accounts payer on payer.id = t.payer_id join accounts payee on payee.id = t.payee_id
           where t.id = $1 and ($2::uuid is null or t.payer_id = $2 or t.payee_id = $2)`,
    values: [id, accountId],
  });
  return row === undefined ? undefined : toTransfer(row);
}

/** A page of an account's transfers, newest first; `entryId` of the last one is the cursor to the next page. */
export async function listTransfers(
  db: Queryable,
  page: { accountId: string; before: number | null; limit: number },
): Promise<{ entryId: number; transfer: Transfer }[]> {
  const rows = await db.query<TransferRow & { entryId: number }>({
    name: 'transfers-list',
    text: `select e.id as "entryId", ${TRANSFER_COLUMNS}
           from entries e join transfers t on t.id = e.transfer_id
                join accounts payer on payer.id = t.payer_id join accounts payee on payee.id = t.payee_id
           where e.account_id = $1 and ($2::bigint is null or e.id < $2) and payer.kind = 'person'
           order by e.id desc limit $3`,
    values: [page.accountId, page.before, page.limit],
  });
  return rows.map((row) => ({ entryId: row.entryId, transfer: toTransfer(row) }));
}

interface TransferRow extends Omit<Transfer, 'status' | 'createdAt'> {
  created_at: Date;
}
const TRANSFER_COLUMNS =
  't.id, payer.phone as "from", payee.phone as "to", t.amount, t.currency, t.note, t.created_at';

function toTransfer(row: TransferRow): Transfer {
  const { id, from, to, amount, currency, note, created_at } = row;
  return { id, status: 'completed', from, to, amount, currency, note, createdAt: created_at.toISOString() };
}
