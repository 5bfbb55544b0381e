import { formatAmount, formatCount, withoutLinks } from '@payfan/channel';
import { shortened } from '@payfan/contracts';
import type { FeedItem, PayoutNews, TransferNews } from '../feed-item.ts';

/** What a service worker hands to `showNotification(title, rest)`. */
export interface Notification {
  title: string;
  body: string;
  /** The same for the same event: shown again, it takes the place of itself. */
  tag: string;
  /** Milliseconds since the epoch: when the money moved. */
  timestamp: number;
  data: { type: string; seq: number } & ({ transferId: string } | { payoutId: string });
}

/** An item of a feed as the database gives it: it may be of another version's type. */
export interface NotifiedItem extends Pick<FeedItem, 'eventId' | 'data'> {
  type: string;
  seq: number;
}

/** UTF-16 code units. Together with the rest they fill at most 3 KB, however many bytes each takes (see the test). */
const LONGEST_NAME = 100;
const LONGEST_NOTE = 400;

/** Tells of an item of a feed; undefined for a type that we do not know. */
export function notificationOf({ eventId, type, seq, data }: NotifiedItem): Notification | undefined {
  if ('payoutId' in data) {
    if (type !== 'payout.completed') return undefined;
    const { payoutId, completedAt } = data;
    return {
      ...aboutPayout(data),
      tag: eventId,
      timestamp: Date.parse(completedAt),
      data: { type, seq, payoutId },
    };
  }
  const words = WORDS[type];
  if (words === undefined) return undefined;
  const { transferId, createdAt } = data;
  const content = aboutTransfer(data, words);
  return { ...content, tag: eventId, timestamp: Date.parse(createdAt), data: { type, seq, transferId } };
}

type Content = Pick<Notification, 'title' | 'body'>;

function aboutTransfer(data: TransferNews['data'], [what, whom]: Words): Content {
  const name = shortened(withoutLinks(data.counterparty.name), LONGEST_NAME);
  const note = shortened(withoutLinks(data.note), LONGEST_NOTE);
  return {
    title: `${what} ${formatAmount(data.amount, data.currency)}`,
    body: note === '' ? `${whom} ${name}` : `${whom} ${name}: ${note}`,
  };
}

function aboutPayout(data: PayoutNews['data']): Content {
  const failed = data.failed === 0 ? '' : `, ${formatCount(data.failed)} failed`;
  // Entries of the feed from before there was such a count have none.
  const cancelled = data.cancelled > 0 ? `, ${formatCount(data.cancelled)} cancelled` : '';
  return {
    title: `Your payout paid ${formatAmount(data.amount, data.currency)}`,
    body: `${formatCount(data.succeeded)} of ${formatCount(data.total)} payments made${failed}${cancelled}`,
  };
}

type Words = readonly [what: string, whom: string];
const WORDS: Partial<Record<string, Words>> = {
  'transfer.debited': ['You paid', 'To'],
  'transfer.credited': ['You received', 'From'],
};

/** A name of the event in the alphabet and length that RFC 8030, 5.4 wants: 22 characters of base64url. */
export const topicOf = (eventId: string): string =>
  Buffer.from(eventId.replaceAll('-', ''), 'hex').toString('base64url');
