import type { Currency, Tier } from '@payfan/contracts';
import type { Queryable } from '@payfan/database';

/** Lines that are asked for in one call, as whoever took them holds them. */
export interface Chunk {
  payoutId: string;
  chunk: number;
  accountId: string;
  currency: Currency;
  firstLine: number;
  lastLine: number;
  /** Only under it may be written down what became of it: whoever takes the chunk over has another. */
  attempt: string;
}

/** Cuts a payout's lines into chunks of so many. */
export async function insertChunks(tx: Queryable, payoutId: string, items: number): Promise<void> {
  await tx.query({
    name: 'payout-chunks-insert',
    text: `insert into payout_chunks (payout_id, chunk, first_line, last_line, items)
           select $1, place, min(line), max(line), count(*)
           from (select line, (row_number() over (order by line) - 1) / $2 + 1 as place
                 from payout_items where payout_id = $1) numbered
           group by place`,
    values: [payoutId, items],
  });
}

export interface Claim {
  payoutId: string;
  /** Id of the message. If its worker dies it comes again, and so to the chunk that it took. */
  turn: string;
  holder: string;
  attempt: string;
}

/**
 * A chunk that nobody has finished for so long belongs to whoever comes: its turn was lost. Longer than a call and its
 * repeats may take; whoever needs several calls keeps it in between.
 */
const LEASE_SECONDS = 180;

/**
 * Takes the next chunk of a payout for a turn; undefined if there is none left, or the turn has done its chunk: then
 * it came twice, and the turn that follows it is on its way. Else a payout would have one turn more on its lane for
 * each worker that died, up to its end.
 */
export async function claimChunk(tx: Queryable, claim: Claim): Promise<Chunk | undefined> {
  const { payoutId, turn, holder, attempt } = claim;
  const values = [payoutId, turn, holder, attempt];
  // Waited for, and not passed over: whoever has it locked is just writing down what became of it.
  const [own] = await tx.query<Chunk>({
    name: 'payout-chunk-claim-own',
    text: claimOf(`select chunk from payout_chunks
                   where payout_id = $1 and status = 'running' and turn = $2
                   limit 1 for update`),
    values,
  });
  if (own !== undefined) return own;
  const [next] = await tx.query<Chunk>({
    name: 'payout-chunk-claim-next',
    text: claimOf(`select chunk from payout_chunks
                   where payout_id = $1
                     and (status = 'pending'
                          or status = 'running' and since < clock_timestamp() - interval '${LEASE_SECONDS} s')
                     and not exists (select 1 from payout_chunks
                                     where payout_id = $1 and status = 'done' and turn = $2)
                   order by status = 'running', chunk limit 1 for update skip locked`),
    values,
  });
  return next;
}

const claimOf = (found: string): string => `
  update payout_chunks c
  set status = 'running', turn = $2, holder = $3, attempt = $4, since = clock_timestamp()
  from payouts p
  where p.id = $1 and c.payout_id = $1 and c.chunk = (${found})
  returning c.payout_id as "payoutId", c.chunk, p.account_id as "accountId", p.currency,
            c.first_line as "firstLine", c.last_line as "lastLine", c.attempt`;

/** Makes an attempt's lease last from now; false if somebody else has the chunk, or has finished it. */
export async function keepChunk(db: Queryable, { payoutId, chunk, attempt }: Chunk): Promise<boolean> {
  const kept = await db.query({
    name: 'payout-chunk-keep',
    text: `update payout_chunks set since = clock_timestamp()
           where payout_id = $1 and chunk = $2 and attempt = $3 returning 1`,
    values: [payoutId, chunk, attempt],
  });
  return kept.length > 0;
}

/** Ends an attempt's hold on its chunk; false if somebody else has it, or has finished it. */
export async function finishChunk(tx: Queryable, chunk: Chunk): Promise<boolean> {
  const finished = await tx.query({
    name: 'payout-chunk-finish',
    text: `update payout_chunks set status = 'done', attempt = null
           where payout_id = $1 and chunk = $2 and attempt = $3 returning 1`,
    values: [chunk.payoutId, chunk.chunk, chunk.attempt],
  });
  return finished.length > 0;
}

export async function hasPendingChunk(tx: Queryable, payoutId: string): Promise<boolean> {
  const found = await tx.query({
    name: 'payout-chunks-pending',
    text: `select 1 from payout_chunks where payout_id = $1 and status = 'pending' limit 1`,
    values: [payoutId],
  });
  return found.length > 0;
}

/** Cancels what nobody has begun, and answers how many lines that are. */
export async function cancelPending(tx: Queryable, payoutId: string): Promise<number> {
  const [row] = await tx.query<{ items: number }>({
    name: 'payout-chunks-cancel',
    text: `with cancelled as (
             update payout_chunks set status = 'cancelled'
             where payout_id = $1 and status = 'pending'
             returning first_line, last_line
           ), lines as (
             update payout_items i set status = 'cancelled'
             from cancelled c
             where i.payout_id = $1 and i.line between c.first_line and c.last_line
             returning 1
           )
           select count(*) as items from lines`,
    values: [payoutId],
  });
  return row?.items ?? 0;
}

/** A payout that should move and does not. */
export interface StalledPayout {
  id: string;
  lane: Tier;
  traceparent: string;
  correlationId: string;
}

/**
 * Takes payouts of a lane of which nothing is being done, and for which no turn is on its way from the outbox.
 * To be asked of those whose turns would have come by now, since they have not moved since `unmovedSince`.
 *
 * @param asked.quietSeconds until they are looked at again: as long as a new turn may wait in the queue
 */
export function takeStalled(
  tx: Queryable,
  asked: { lane: Tier; unmovedSince: Date; quietSeconds: number; limit: number },
): Promise<StalledPayout[]> {
  return tx.query<StalledPayout>({
    name: 'payouts-take-stalled',
    text: `update payouts set quiet_until = clock_timestamp() + make_interval(secs => $4)
           where id in (
             select id from payouts p
             where lane = $1 and status = 'processing' and quiet_until < clock_timestamp() and updated_at < $3
               and not exists (select 1 from payout_chunks c
                               where c.payout_id = p.id and c.status = 'running'
                                 and c.since > clock_timestamp() - interval '${LEASE_SECONDS} s')
               and not exists (select 1 from outbox where exchange = 'payouts' and routing_key = $1)
             order by id limit $2
             for update skip locked)
           returning id, lane, traceparent, correlation_id as "correlationId"`,
    values: [asked.lane, asked.limit, asked.unmovedSince, asked.quietSeconds],
  });
}
