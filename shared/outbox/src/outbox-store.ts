import { isGone, type Queryable } from '@payfan/database';

/** An event on its way to an exchange; `body` is its JSON. */
export interface OutboxEvent {
  eventId: string;
  exchange: string;
  routingKey: string;
  body: string;
  /** W3C Trace Context of what caused it; becomes a header. */
  traceparent: string | null;
}

/** An event with its row in the outbox. */
export interface OutboxRow extends OutboxEvent {
  id: number;
}

/** Who may publish a row, and for how long from now. Zero seconds: anybody, at once. */
export interface Lease {
  holder: string;
  seconds: number;
}

/**
 * Leases and removals need not outlive a crash of the database: what is forgotten is published again under the
 * same id, as after any crash. So no commit waits for the disk, and the commits of money have it for themselves.
 */
const NOT_DURABLE = `(select set_config('synchronous_commit', 'off', true)) = 'off'`;

/** Writes the rows of these events, leased; runs in the transaction that causes them. */
export async function insertEvents(tx: Queryable, events: OutboxEvent[], lease: Lease): Promise<OutboxRow[]> {
  const inserted = await tx.query<{ id: number; event_id: string }>({
    name: 'outbox-insert',
    text: 'select event_id, id from outbox_insert($1, $2, $3, $4, $5, $6, $7)',
    values: [
      events.map((event) => event.eventId),
      events.map((event) => event.exchange),
      events.map((event) => event.routingKey),
      events.map((event) => event.body),
      events.map((event) => event.traceparent),
      lease.holder,
      lease.seconds,
    ],
  });
  const ids = new Map(inserted.map((row) => [row.event_id, row.id]));
  return events.map((event) => {
    const id = ids.get(event.eventId);
    if (id === undefined) throw new Error(`outbox row of event ${event.eventId} was not written`);
    return { ...event, id };
  });
}

/**
 * Leases up to `limit` rows that nobody holds, oldest first. Rows that another relay is just taking are
 * passed over rather than waited for.
 *
 * @param fromId a hint that spares looking at ids below, which are mostly rows removed long ago but not yet
 *   vacuumed. Never the truth: ids are not in the order of commits, so look from 0 now and then.
 */
export async function claimExpired(
  db: Queryable,
  lease: Lease,
  { limit, fromId }: { limit: number; fromId: number },
): Promise<OutboxRow[]> {
  const rows = await db.query<OutboxRow>({
    name: 'outbox-claim-expired',
    text: `update outbox
           set leased_by = $1, leased_until = clock_timestamp() + make_interval(secs => $2)
           where id in (
             select id from outbox
             where leased_until <= clock_timestamp() and id >= $4 and ${NOT_DURABLE}
             order by id limit $3
             for update skip locked
           )
           returning id, event_id as "eventId", exchange, routing_key as "routingKey", body, traceparent`,
    values: [lease.holder, lease.seconds, limit, fromId],
  });
  return rows.sort((a, b) => a.id - b.id);
}

/**
 * Forgets rows that the broker has confirmed. Guarded by the lease: a holder that was stalled past it
 * must not remove a row that somebody else is publishing. Answers how many it removed.
 */
export async function deleteConfirmed(db: Queryable, holder: string, ids: number[]): Promise<number> {
  const deleted = await db.query({
    name: 'outbox-delete-confirmed',
    text: `delete from outbox where id = any($1::bigint[]) and leased_by = $2 and ${NOT_DURABLE} returning 1`,
    values: [ids, holder],
  });
  return deleted.length;
}

/** Gives rows back before their lease ends: they were never sent, so nobody has to wait for them. */
export async function releaseLeases(db: Queryable, holder: string, ids: number[]): Promise<number> {
  const released = await db.query({
    name: 'outbox-release-leases',
    text: `update outbox set leased_until = clock_timestamp()
           where id = any($1::bigint[]) and leased_by = $2 returning 1`,
    values: [ids, holder],
  });
  return released.length;
}

/**
 * The same for events whose rows may never have come to be, and whose row ids nobody has learned. Looks through
 * the table: rare enough, and what is leased at all is short-lived.
 */
export async function releaseEvents(db: Queryable, holder: string, eventIds: string[]): Promise<number> {
  const released = await db.query({
    name: 'outbox-release-events',
    text: `update outbox set leased_until = clock_timestamp()
           where event_id = any($1::uuid[]) and leased_by = $2 returning 1`,
    values: [eventIds, holder],
  });
  return released.length;
}

/**
 * Ends the leases of processes that are no more, so that nobody waits for them to run out. Answers how many
 * rows that freed.
 */
export async function freeLeasesOfTheGone(db: Queryable): Promise<number> {
  const freed = await db.query({
    name: 'outbox-free-leases',
    text: `update outbox set leased_until = clock_timestamp()
           where leased_until > clock_timestamp() and ${isGone('leased_by')}
           returning 1`,
  });
  return freed.length;
}

/** How the outbox stands. */
export interface OutboxState {
  /** Rows that are there. */
  waiting: number;
  /** How long the oldest of them has been; 0 if there is none. */
  oldestAgeSeconds: number;
  /** Transactions since the oldest snapshot that keeps vacuum from dead rows; 0 if there is none, -1 if not known. */
  oldestXminAge: number;
  /** Removed rows that vacuum has not cleared yet; PostgreSQL's estimate. */
  deadRows: number;
}

/** Tells how the outbox stands. */
export async function readState(db: Queryable): Promise<OutboxState> {
  const [row] = await db.query<OutboxState>({
    name: 'outbox-read-state',
    text: `select count(*) as waiting,
                  coalesce(extract(epoch from clock_timestamp() - min(created_at)), 0)::float8 as "oldestAgeSeconds",
                  outbox_oldest_xmin_age() as "oldestXminAge",
                  pg_stat_get_dead_tuples('outbox'::regclass) as "deadRows"
           from outbox`,
  });
  if (row === undefined) throw new Error('an aggregate came without its row');
  return row;
}
