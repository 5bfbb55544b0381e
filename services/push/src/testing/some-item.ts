import { randomUUID } from 'node:crypto';
import type { FeedItem } from '../feed-item.ts';

/** For tests: an item of an account's feed, of an event that nobody has seen before. */
export function someItem(accountId: string = randomUUID()): FeedItem {
  return {
    accountId,
    eventId: randomUUID(),
    type: 'transfer.credited',
    data: {
      transferId: randomUUID(),
      amount: 10_000,
      currency: 'INR',
      counterparty: { name: 'Asha' },
      note: 'lunch',
      createdAt: new Date().toISOString(),
    },
  };
}
