import { formatAmount, oneLine } from '@payfan/channel';
import type { FeedItem } from '../feed-item.ts';

/** What a service worker hands to `showNotification(title, rest)`. */
export interface Notification {
  title: string;
  body: string;
  /** The same for the same event: shown again, it takes the place of itself. */
  tag: string;
  /** Milliseconds since the epoch: when the money moved. */
  timestamp: number;
  data: { type: string; seq: number; transferId: string };
}

/** An item of a feed as the database gives it: it may be of another version's type. */
export interface NotifiedItem extends Pick<FeedItem, 'eventId' | 'data'> {
  type: string;
  seq: number;
}

/** Code points. Together with the rest they fill at most 3 KB, however many bytes each takes (see the test). */
const LONGEST_NAME = 100;
const LONGEST_NOTE = 400;

/** Tells of an item of a feed; undefined for a type that we do not know. */
export function notificationOf({ eventId, type, seq, data }: NotifiedItem): Notification | undefined {
  const [what, whom] = WORDS[type] ?? [];
  if (what === undefined || whom === undefined) return undefined;
  const name = shortened(oneLine(data.counterparty.name), LONGEST_NAME);
  const note = shortened(oneLine(data.note), LONGEST_NOTE);
  return {
    title: `${what} ${formatAmount(data.amount, data.currency)}`,
    body: note === '' ? `${whom} ${name}` : `${whom} ${name}: ${note}`,
    tag: eventId,
    timestamp: Date.parse(data.createdAt),
    data: { type, seq, transferId: data.transferId },
  };
}

const WORDS: Partial<Record<string, [what: string, whom: string]>> = {
  'transfer.debited': ['You paid', 'To'],
  'transfer.credited': ['You received', 'From'],
};

function shortened(text: string, longest: number): string {
  const points = Array.from(text);
  return points.length <= longest ? text : `${points.slice(0, longest - 1).join('')}…`;
}

/** A name of the event in the alphabet and length that RFC 8030, 5.4 wants: 22 characters of base64url. */
export const topicOf = (eventId: string): string =>
  Buffer.from(eventId.replaceAll('-', ''), 'hex').toString('base64url');
