import type { QueueStatus } from '../api/operations.ts';

export interface ChannelQueues {
  channel: string;
  lanes: QueueStatus[];
  /** Waiting for a further attempt, of all its delays. */
  retrying: number;
  /** Given up by the broker, until the channel has stored it. */
  dead: number;
}

/** The queues channel by channel, in the order they came; payouts last, which are no channel of deliveries. */
export function byChannel(queues: readonly QueueStatus[]): ChannelQueues[] {
  const channels = new Map<string, ChannelQueues>();
  for (const queue of queues) {
    const { channel, kind } = queue;
    const row = channels.get(channel) ?? { channel, lanes: [], retrying: 0, dead: 0 };
    channels.set(channel, row);
    if (kind === 'lane') row.lanes.push(queue);
    if (kind === 'retry') row.retrying += heldIn(queue);
    if (kind === 'dead') row.dead += heldIn(queue);
  }
  return [...channels.values()].sort((a, b) => Number(a.channel === PAYOUTS) - Number(b.channel === PAYOUTS));
}

export const PAYOUTS = 'payouts';

/** Messages in a queue, whether they wait or are being worked on. */
const heldIn = ({ ready, unacked }: QueueStatus): number => ready + unacked;

/** What was held in each lane queue at the last polls, oldest first. */
export type QueueHistory = ReadonlyMap<string, readonly number[]>;

/** Two minutes at a poll every two seconds. */
export const HISTORY_LENGTH = 60;

export function remembered(history: QueueHistory, queues: readonly QueueStatus[]): QueueHistory {
  const lanes = queues.filter(({ kind }) => kind === 'lane');
  return new Map(
    lanes.map((queue) => [
      queue.name,
      [...(history.get(queue.name) ?? []), heldIn(queue)].slice(-HISTORY_LENGTH),
    ]),
  );
}

/** Points of a line through the values, the latest at the right end: `0,24 2,12`. Room for `length` of them. */
export function sparkPoints(
  values: readonly number[],
  { width, height, length }: { width: number; height: number; length: number },
): string {
  // A quiet queue is a line at the bottom, and one message is not a mountain.
  const top = Math.max(4, ...values);
  const step = width / (length - 1);
  const start = width - step * (values.length - 1);
  const round = (value: number) => Math.round(value * 10) / 10;
  return values
    .map((value, at) => `${round(start + at * step)},${round(height - (value / top) * height)}`)
    .join(' ');
}
