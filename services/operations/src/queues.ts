import {
  deadQueue,
  laneQueue,
  LANES,
  RETRY_STEPS,
  retryQueue,
  TIERS,
  type QueueStatus,
} from '@payfan/contracts';

/** What the broker counts of a queue. */
export type QueueCounts = Pick<
  QueueStatus,
  'ready' | 'unacked' | 'consumers' | 'publishRate' | 'deliverRate'
>;
type OurQueue = Omit<QueueStatus, keyof QueueCounts | 'oldestAgeSeconds' | 'pausedSeconds'>;

/** What a channel says of one of its lanes; null where it does not. */
export interface LaneFigures {
  /** Unix time at which the youngest event consumed from the lane was committed. Waiting events were committed later. */
  newestCommitSeconds: number | null;
  pausedSeconds: number | null;
}

/** Whose lanes are those of payers, rather than those of alerts. */
const PAYOUTS = 'payouts';

/** The queues of these channels and of payouts: for each its lanes, its delays, and what the broker gave up on. */
export function ourQueues(channels: Iterable<string>): OurQueue[] {
  return [...[...channels].flatMap((channel) => queuesOf(channel, LANES)), ...queuesOf(PAYOUTS, TIERS)];
}

function queuesOf(channel: string, lanes: typeof LANES | typeof TIERS): OurQueue[] {
  return [
    ...lanes.map((lane) => ({
      name: laneQueue(channel, lane),
      kind: 'lane' as const,
      channel,
      lane,
      step: null,
    })),
    ...RETRY_STEPS.map((step) => ({
      name: retryQueue(channel, step),
      kind: 'retry' as const,
      channel,
      lane: null,
      step: step.name,
    })),
    { name: deadQueue(channel), kind: 'dead', channel, lane: null, step: null },
  ];
}

/**
 * Our queues with the broker's counts, and those that the broker does not hold.
 *
 * @param lanes by queue
 */
export function statusOf(
  queues: readonly OurQueue[],
  counts: ReadonlyMap<string, QueueCounts>,
  lanes: ReadonlyMap<string, LaneFigures>,
  nowMs: number,
): { data: QueueStatus[]; missing: string[] } {
  const data: QueueStatus[] = [];
  const missing: string[] = [];
  for (const queue of queues) {
    const counted = counts.get(queue.name);
    if (counted === undefined) missing.push(queue.name);
    else {
      const pausedSeconds = lanes.get(queue.name)?.pausedSeconds ?? null;
      data.push({ ...queue, ...counted, oldestAgeSeconds: oldestAge(queue, counted), pausedSeconds });
    }
  }
  return { data, missing };

  function oldestAge({ kind, name }: OurQueue, { ready }: QueueCounts): number | null {
    if (kind !== 'lane' || ready === null) return null;
    if (ready === 0) return 0;
    const newestCommit = lanes.get(name)?.newestCommitSeconds ?? null;
    return newestCommit === null ? null : Math.max(nowMs / 1_000 - newestCommit, 0);
  }
}
