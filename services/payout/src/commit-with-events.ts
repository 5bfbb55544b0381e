import type { Database, Queryable } from '@payfan/database';
import type { Outbox, OutboxEvent } from '@payfan/outbox';

export type Events = Pick<Outbox, 'insert' | 'handOff' | 'abandon'>;

/** What a transaction leads to, and the events that are to leave with it. */
export interface Done<T> {
  value: T;
  events: OutboxEvent[];
}

/** Commits work together with the events that it causes, and hands these to the broker. */
export async function commitWithEvents<T>(
  { database, outbox }: { database: Database; outbox: Events },
  work: (tx: Queryable) => Promise<Done<T>>,
): Promise<T> {
  let written: OutboxEvent[] = [];
  const commit = database.transaction(async (tx) => {
    const { value, events } = await work(tx);
    written = events;
    return { value, rows: events.length === 0 ? [] : await outbox.insert(tx, events) };
  });
  const { value, rows } = await commit.catch((error: unknown) => {
    // If it was the commit's own answer that got lost, the events are there.
    outbox.abandon(written.map(({ eventId }) => eventId));
    throw error;
  });
  outbox.handOff(rows);
  return value;
}
