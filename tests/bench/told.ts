import type { Database } from '@payfan/database';
import { waitFor } from '@payfan/stack/testing';
import type { Completed } from './open-load.ts';

export const CHANNELS = ['push', 'phone', 'email'] as const;
export type Channel = (typeof CHANNELS)[number];
/** Payer and payee on every channel. */
const DELIVERIES = 2 * CHANNELS.length;

const TIMEOUT_MS = 180_000;

/**
 * How long each transfer took from when its request was to be sent until the last of its six deliveries was
 * recorded as sent, in milliseconds. Waits for all of them: one that is lost makes it throw.
 */
export async function whenAllTold(database: Database, transfers: readonly Completed[]): Promise<number[]> {
  let last = new Map<string, number>();
  const ids = transfers.map(({ id }) => id);
  await waitFor(
    async () => {
      last = await lastSentMs(database, ids);
      return last.size === ids.length;
    },
    { what: `all ${DELIVERIES * ids.length} deliveries being sent`, timeoutMs: TIMEOUT_MS, intervalMs: 500 },
  );
  return transfers.map(({ id, intendedMs }) => (last.get(id) ?? Number.NaN) - intendedMs);
}

/** Of those transfers whose deliveries are all sent: when the last one was, in Unix time. */
async function lastSentMs(database: Database, ids: readonly string[]): Promise<Map<string, number>> {
  const deliveries = CHANNELS.map(
    (channel) => `select transfer_id, sent_at from ${channel}.deliveries where transfer_id = any($1::uuid[])`,
  );
  const rows = await database.query<{ id: string; lastMs: number }>({
    text: `select transfer_id as id, extract(epoch from max(sent_at))::float8 * 1000 as "lastMs"
           from (${deliveries.join(' union all ')}) d
           group by transfer_id having count(sent_at) = $2`,
    values: [ids, DELIVERIES],
  });
  return new Map(rows.map(({ id, lastMs }) => [id, lastMs]));
}
