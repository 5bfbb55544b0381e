import type { PayoutItemResult, PayoutItemStatus } from '@payfan/contracts';
import type { Queryable } from '@payfan/database';

/** Writes lines of a payout: JSON, an array of `[line, to, amount, note]`. */
export async function insertItems(tx: Queryable, payoutId: string, pack: Buffer): Promise<void> {
  await tx.query({
    name: 'payout-items-insert',
    text: `insert into payout_items (payout_id, line, payee_phone, amount, note)
           select $1, (item ->> 0)::integer, item ->> 1, (item ->> 2)::bigint, item ->> 3
           from json_array_elements($2::json) as item`,
    values: [payoutId, pack.toString('utf8')],
  });
}

/** A page of a payout's lines in their order; the number of the last one is the cursor to the next page. */
export async function listItems(
  db: Queryable,
  page: { payoutId: string; status: PayoutItemStatus | null; after: number; limit: number },
): Promise<PayoutItemResult[]> {
  const { payoutId, status, after, limit } = page;
  // A status that few have has an index of its own, which a parameter could not use.
  const only = status === null ? '' : `and i.status = '${status}'`;
  return db.query<PayoutItemResult>({
    name: `payout-items-list-${status ?? 'all'}`,
    text: `select i.line, i.payee_phone as "to", i.amount, p.currency, i.note, i.status,
                  i.transfer_id as "transferId", i.code, i.detail
           from payout_items i join payouts p on p.id = i.payout_id
           where i.payout_id = $1 and i.line > $2 ${only}
           order by i.line limit $3`,
    values: [payoutId, after, limit],
  });
}

/** A line as it is asked for. */
export interface ItemToPay {
  line: number;
  to: string;
  amount: number;
  note: string;
}

export function itemsOfChunk(
  db: Queryable,
  { payoutId, firstLine, lastLine }: { payoutId: string; firstLine: number; lastLine: number },
): Promise<ItemToPay[]> {
  return db.query<ItemToPay>({
    name: 'payout-items-of-chunk',
    text: `select line, payee_phone as "to", amount, note from payout_items
           where payout_id = $1 and line between $2 and $3 order by line`,
    values: [payoutId, firstLine, lastLine],
  });
}

/** What became of a line; `transferId` where it succeeded, `code` and `detail` where it failed. */
export interface ItemOutcome {
  line: number;
  transferId: string | null;
  code: string | null;
  detail: string | null;
}

/** Writes down what became of lines, and answers the minor units that have moved. */
export async function recordOutcomes(
  tx: Queryable,
  payoutId: string,
  outcomes: readonly ItemOutcome[],
): Promise<number> {
  const [row] = await tx.query<{ paid: number }>({
    name: 'payout-items-record',
    text: `with recorded as (
             update payout_items i
             set status = case when o.transfer_id is null then 'failed' else 'succeeded' end,
                 transfer_id = o.transfer_id, code = o.code, detail = o.detail
             from unnest($2::integer[], $3::uuid[], $4::text[], $5::text[]) as o (line, transfer_id, code, detail)
             where i.payout_id = $1 and i.line = o.line and i.line between $6 and $7
             returning i.amount, i.status
           )
           select coalesce(sum(amount) filter (where status = 'succeeded'), 0)::bigint as paid from recorded`,
    values: [
      payoutId,
      outcomes.map(({ line }) => line),
      outcomes.map(({ transferId }) => transferId),
      outcomes.map(({ code }) => code),
      outcomes.map(({ detail }) => detail),
      // Without statistics of a payout that was just stored, PostgreSQL may read all of its lines to find these.
      Math.min(...outcomes.map(({ line }) => line)),
      Math.max(...outcomes.map(({ line }) => line)),
    ],
  });
  return row?.paid ?? 0;
}
