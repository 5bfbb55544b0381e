import { z } from 'zod';
import { Lane } from './lane.ts';
import { Tier } from './transfers-api.ts';

/**
 * What a queue is for. `lane`: deliveries, or turns of payouts, that are due. `retry`: those that wait for a
 * further attempt. `dead`: what the broker itself gave up on, until the channel has stored it.
 */
export const QUEUE_KINDS = ['lane', 'retry', 'dead'] as const;
export const QueueKind = z.enum(QUEUE_KINDS);
export type QueueKind = z.output<typeof QueueKind>;

const NULL_MEANS = 'null where the broker does not tell it';

/**
 * One of our queues, as the broker's management API last counted it. A figure is null where the broker does not tell
 * it: a queue that was just declared, or a broker that denies `management_metrics_collection`.
 */
export const QueueStatus = z
  .object({
    name: z.string().meta({ example: 'email.interactive' }),
    kind: QueueKind,
    channel: z.string().meta({ description: 'Or `payouts`', example: 'email' }),
    lane: z
      .union([Lane, Tier])
      .nullable()
      .meta({ description: "Of a lane queue: a channel's, or a lane of payouts (`premium`, `free`)" }),
    step: z.string().nullable().meta({ description: 'Of a retry queue: its delay', example: '30s' }),
    ready: z
      .int()
      .nullable()
      .meta({ description: `Messages that wait; ${NULL_MEANS}` }),
    unacked: z
      .int()
      .nullable()
      .meta({ description: `Messages in the hands of consumers; ${NULL_MEANS}` }),
    consumers: z
      .int()
      .nullable()
      .meta({ description: `Consumers that are subscribed; ${NULL_MEANS}` }),
    publishRate: z
      .number()
      .nullable()
      .meta({
        description: `Messages a second that came in during the last seconds; ${NULL_MEANS}`,
      }),
    oldestAgeSeconds: z.number().nullable().meta({
      description:
        'Of a lane queue: the most that its oldest message can have waited since its commit, as it came after those that its channel has taken; 0 if none waits. RabbitMQ does not tell it of quorum queues, so it is null where a channel does not answer or has taken nothing yet, where `ready` is null, and for payouts',
    }),
    pausedSeconds: z.number().nullable().meta({
      description:
        'Of a lane queue of a channel: for how long its channel has taken no messages, because every provider of it fails; 0 while it takes them. Null where the channel does not answer, and of any other queue',
    }),
    deliverRate: z
      .number()
      .nullable()
      .meta({
        description: `Messages a second that went out to consumers during the last seconds; ${NULL_MEANS}`,
      }),
  })
  .meta({ id: 'QueueStatus' });
export type QueueStatus = z.output<typeof QueueStatus>;

/** What was committed and has not reached the broker yet. Null where nobody can tell at the moment. */
export const OutboxStatus = z
  .object({
    waiting: z.int().nullable().meta({ description: 'Events' }),
    oldestAgeSeconds: z.number().nullable(),
  })
  .meta({ id: 'OutboxStatus' });
export type OutboxStatus = z.output<typeof OutboxStatus>;

/** Answer of `GET /v1/queues`. */
export const QueueList = z
  .object({
    data: z.array(QueueStatus),
    missing: z.array(z.string()).meta({ description: 'Queues of ours that the broker does not hold' }),
    outbox: OutboxStatus,
  })
  .meta({ id: 'QueueList' });
export type QueueList = z.output<typeof QueueList>;
