import type { Lane, Role } from '@payfan/contracts';
import type { Queryable } from '@payfan/database';
import { SELECTED, selectedValues, type Selection } from './dead-letter-search.ts';

/** One death of one letter: if it dies again meanwhile, that is another. */
export interface Death {
  id: number;
  times: number;
}

/**
 * A replay sends a message in the name of the channel itself, which the channel trusts: so a message that did not come
 * from the service that publishes such events is never replayed.
 */
const MAY_BE_REPLAYED = `reason <> 'untrusted_publisher'`;

/** Counts the selected open dead letters, finds the oldest of them, and counts those that are never replayed. */
export async function findOpenLetters(
  db: Queryable,
  selection: Selection,
  limit: number,
): Promise<{ matched: number; refused: number; deaths: Death[] }> {
  const rows = await db.query<Death & { matched: number }>({
    name: 'replay-find',
    text: `select id, times, count(*) over () as matched from dead_letters
           where ${SELECTED} and state = 'open' and ${MAY_BE_REPLAYED}
           order by id limit $11`,
    values: [...selectedValues(selection), limit],
  });
  const [counted] = await db.query<{ refused: number }>({
    name: 'replay-refused',
    text: `select count(*) as refused from dead_letters
           where ${SELECTED} and state = 'open' and not (${MAY_BE_REPLAYED})`,
    values: selectedValues(selection),
  });
  return {
    matched: rows[0]?.matched ?? 0,
    refused: counted?.refused ?? 0,
    deaths: rows.map(({ id, times }) => ({ id, times })),
  };
}

/** A letter as it is needed to send its message round again. */
export interface LeasedLetter extends Death {
  subject: string;
  eventId: string | null;
  role: Role | null;
  lane: Lane | null;
  routingKey: string;
  headers: Record<string, unknown>;
  body: Buffer;
}

/**
 * Takes up to `limit` of these letters for `seconds`, so that nobody else replays them at the same time;
 * not those that somebody else has, that are no longer open, or that have died again. Answers the longest
 * dead first.
 */
export async function leaseLetters(
  db: Queryable,
  deaths: readonly Death[],
  { limit, seconds }: { limit: number; seconds: number },
): Promise<LeasedLetter[]> {
  const rows = await db.query<LeasedLetter>({
    name: 'replay-lease',
    text: `update dead_letters l set replaying_until = clock_timestamp() + make_interval(secs => $4)
           where l.id in (
             select o.id
             from dead_letters o join unnest($1::bigint[], $2::integer[]) as w (id, times) using (id, times)
             where o.state = 'open' and (o.replaying_until is null or o.replaying_until <= clock_timestamp())
             order by o.id limit $3
             for update of o skip locked
           )
           returning id, times, subject, event_id as "eventId", role, lane, routing_key as "routingKey",
                     headers, body`,
    values: [...deathColumns(deaths), limit, seconds],
  });
  return rows.sort((a, b) => a.id - b.id);
}

/**
 * Makes the dead deliveries of these letters claimable by the next copy of their message. Answers the ids of
 * letters whose delivery is sent by now, for which there is nothing left to do.
 */
export async function reviveDeliveries(
  db: Queryable,
  letters: readonly LeasedLetter[],
): Promise<Set<number>> {
  const rows = await db.query<{ id: number }>({
    name: 'replay-revive',
    // Rows are locked in the order of their keys, as claims do, so neither waits for the other crosswise.
    text: `with wanted as (
             select * from unnest($1::bigint[], $2::uuid[], $3::text[]) as w (id, event_id, role)
           ), dead as (
             select event_id, role from deliveries join wanted using (event_id, role)
             where status = 'dead' order by event_id, role for update of deliveries
           ), revived as (
             update deliveries d set status = 'retrying' from dead
             where d.event_id = dead.event_id and d.role = dead.role
           )
           select w.id from wanted w join deliveries d using (event_id, role) where d.status = 'sent'`,
    values: [
      letters.map(({ id }) => id),
      letters.map(({ eventId }) => eventId),
      letters.map(({ role }) => role),
    ],
  });
  return new Set(rows.map(({ id }) => id));
}

/**
 * Gives leased letters back: those that were `replayed` with a record of who did it, the others open as they
 * were. One that has died again since keeps what that left: it is open.
 */
export async function settleLetters(
  db: Queryable,
  { replayed, unsent, by }: { replayed: readonly Death[]; unsent: readonly Death[]; by: string },
): Promise<void> {
  await db.query({
    name: 'replay-settle',
    text: `with tried as (
             select * from unnest($1::bigint[], $2::integer[], $3::boolean[]) as t (id, times, is_replayed)
           ), locked as (
             select id from dead_letters join tried using (id) order by subject for update of dead_letters
           ), settled as (
             update dead_letters l
             set state = case when t.is_replayed and l.times = t.times then 'replayed' else l.state end,
                 replaying_until = case when l.times <> t.times then l.replaying_until end,
                 replays = l.replays + t.is_replayed::integer
             from locked join tried t using (id) where l.id = t.id
           )
           insert into dead_letter_replays (letter_id, replayed_by) select id, $4 from tried where is_replayed`,
    values: [
      ...deathColumns([...replayed, ...unsent]),
      [...replayed.map(() => true), ...unsent.map(() => false)],
      by,
    ],
  });
}

const deathColumns = (deaths: readonly Death[]): unknown[][] => [
  deaths.map(({ id }) => id),
  deaths.map(({ times }) => times),
];
