import type { QueueStatus } from '../api/operations.ts';

export interface ChannelQueues {
  channel: string;
  lanes: QueueStatus[];
  /** Waiting for a further attempt, of all its delays; null where the broker does not tell it. */
  retrying: number | null;
  /** Given up by the broker, until the channel has stored it; null where the broker does not tell it. */
  dead: number | null;
}

/** The queues channel by channel, in the order they came; payouts last, which are no channel of deliveries. */
export function byChannel(queues: readonly QueueStatus[]): ChannelQueues[] {
  const channels = new Map<string, ChannelQueues>();
  for (const queue of queues) {
    const { channel, kind } = queue;
    const row: ChannelQueues = channels.get(channel) ?? { channel, lanes: [], retrying: 0, dead: 0 };
    channels.set(channel, row);
    if (kind === 'lane') row.lanes.push(queue);
    if (kind === 'retry') row.retrying = sum(row.retrying, heldIn(queue));
    if (kind === 'dead') row.dead = sum(row.dead, heldIn(queue));
  }
  return [...channels.values()].sort((a, b) => Number(a.channel === PAYOUTS) - Number(b.channel === PAYOUTS));
}

export const PAYOUTS = 'payouts';

/** Which channels of deliveries there are, in the order they came. */
export const channelsOf = (queues: readonly Pick<QueueStatus, 'channel'>[]): string[] =>
  [...new Set(queues.map(({ channel }) => channel))].filter((channel) => channel !== PAYOUTS);

/** Messages in a queue, whether they wait or are being worked on. */
const heldIn = ({ ready, unacked }: QueueStatus): number | null => sum(ready, unacked);

/** Not known if one of both is not. */
const sum = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? null : one + other;

/** What a queue held at a poll. */
export interface Held {
  /** Milliseconds since 1970. */
  atMs: number;
  held: number;
}

/** What was held in each lane queue at the polls of the last two minutes, oldest first. */
export type QueueHistory = ReadonlyMap<string, readonly Held[]>;

/** By the clock, not by polls: a page that nobody sees does not poll. */
export const HISTORY_MS = 120_000;

export function remembered(
  history: QueueHistory,
  queues: readonly QueueStatus[],
  atMs: number,
): QueueHistory {
  const lanes = queues.filter(({ kind }) => kind === 'lane');
  return new Map(
    lanes.map((queue) => {
      const before = (history.get(queue.name) ?? []).filter((one) => one.atMs >= atMs - HISTORY_MS);
      const held = heldIn(queue);
      return [queue.name, held === null ? before : [...before, { atMs, held }]];
    }),
  );
}

/** Points of a line through the values, the latest at the right end, where it is now: `0,24 2,12`. */
export function sparkPoints(
  values: readonly Held[],
  { width, height }: { width: number; height: number },
): string {
  // A quiet queue is a line at the bottom, and one message is not a mountain.
  const top = Math.max(4, ...values.map(({ held }) => held));
  const nowMs = values.at(-1)?.atMs ?? 0;
  const round = (value: number) => Math.round(value * 10) / 10;
  const xOf = (atMs: number) => round(width * (1 - (nowMs - atMs) / HISTORY_MS));
  return values.map(({ atMs, held }) => `${xOf(atMs)},${round(height - (held / top) * height)}`).join(' ');
}
