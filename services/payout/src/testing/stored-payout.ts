import { checkLine } from '@payfan/contracts';
import type { Database } from '@payfan/database';
import type { OutboxEvent } from '@payfan/outbox';
import { newId } from '@payfan/service';
import type { Events } from '../commit-with-events.ts';
import { createPayout } from '../create-payout.ts';
import { PayoutDraft } from '../payout-draft.ts';
import type { Making } from '../payout-events.ts';

const RAVI = '+917010233311';
/** Whose stored payouts are. */
export const OWNER_ID = newId();
export const CHUNK_ITEMS = 2;

/** For tests: what uses of a payout's store need, and the turns that left by it, in their order. */
export function recordingTurns(database: Database) {
  const turns: OutboxEvent[] = [];
  const outbox: Events = {
    insert(_tx, events) {
      turns.push(...events.filter(({ exchange }) => exchange === 'payouts'));
      return Promise.resolve([]);
    },
    handOff: () => undefined,
    abandon: () => undefined,
  };
  return { turns, around: { database, outbox, newId, now: () => new Date() } };
}

/** Stores a payout of the free lane with so many lines, each of five minor units; answers its id. */
export async function storePayout(
  around: { database: Database; outbox: Events } & Making,
  lines: number,
  createdAt = new Date(),
): Promise<string> {
  const draft = new PayoutDraft({ linesToOnePayee: 0 });
  for (let line = 1; line <= lines; line += 1) {
    draft.add(checkLine(line, { to: RAVI, amount: 5, currency: 'INR' }));
  }
  const finished = draft.finish();
  if (finished === undefined) throw new Error('a payout without lines');
  const id = newId();
  await createPayout(
    { ...around, chunkItems: CHUNK_ITEMS },
    {
      ...finished,
      ...{ id, accountId: OWNER_ID, idempotencyKey: id, answer: '', lane: 'free', createdAt },
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      correlationId: id,
      owner: { accountId: OWNER_ID, name: 'Ravi', phone: RAVI, email: 'ravi@example.com', language: 'en' },
    },
  );
  return id;
}
