import { z } from 'zod';
import { Role } from './events.ts';
import { Lane } from './lane.ts';
import { textUpTo } from './text.ts';

/** Why something was given up. Stable, to filter and to count by. */
export const DEAD_LETTER_REASONS = [
  'rejected',
  'exhausted',
  'unreadable',
  'delivery_limit',
  // The message did not come from the service that publishes such events. It is never replayed, because the channel
  // publishes replays in its own name and trusts them.
  'untrusted_publisher',
] as const;
export const DeadLetterReason = z.enum(DEAD_LETTER_REASONS);
export type DeadLetterReason = z.output<typeof DeadLetterReason>;

/** `email-17`: the channel, and the letter's number there. */
export const DeadLetterId = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}-[1-9][0-9]{0,15}$/, 'must be a channel and a number, such as email-17')
  .meta({ example: 'email-17' });

/**
 * `open`: nothing has been done about it. `replayed`: sent round again, and not dead again since.
 */
export const DeadLetterState = z.enum(['open', 'replayed']);
export type DeadLetterState = z.output<typeof DeadLetterState>;

/** A delivery that was given up, or a message that could not be read, as an API tells of it. */
export const DeadLetter = z
  .object({
    id: DeadLetterId,
    channel: z.string().meta({ example: 'email' }),
    subject: z.string().meta({ description: '`<event>.<role>`, or the digest of an unreadable message' }),
    eventId: z.uuid().nullable(),
    role: Role.nullable(),
    transferId: z.uuid().nullable(),
    payoutId: z
      .uuid()
      .nullable()
      .meta({ description: 'Of a transfer of a payout, or of a payout as a whole' }),
    lane: Lane.nullable(),
    reason: DeadLetterReason,
    error: z.string(),
    group: z.string().meta({
      description: 'The error without what differs from case to case: addresses, ids, numbers',
    }),
    attempts: z.int(),
    times: z.int().meta({ description: 'How often the same thing died' }),
    state: DeadLetterState,
    replays: z.int().meta({ description: 'How often it was replayed' }),
    createdAt: z.iso.datetime(),
    lastAt: z.iso.datetime().meta({ description: 'When it last died' }),
  })
  .meta({ id: 'DeadLetter' });
export type DeadLetter = z.output<typeof DeadLetter>;

/** One replay of one letter: who, and when. */
const Replay = z.object({ at: z.iso.datetime(), by: z.string() });

/** With the message as it came. */
export const DeadLetterDetail = DeadLetter.extend({
  routingKey: z.string(),
  headers: z.record(z.string(), z.unknown()),
  body: z.string().meta({ description: 'As UTF-8; bytes that are none are shown as \uFFFD' }),
  bodyBase64: z.string().meta({ description: 'The exact bytes' }),
  history: z.array(Replay).meta({ description: 'Its replays, newest first' }),
}).meta({ id: 'DeadLetterDetail' });
export type DeadLetterDetail = z.output<typeof DeadLetterDetail>;

/** Which letters are meant. Everything left out matches all, except the state: what is open. */
export const DeadLetterFilter = z.strictObject({
  channel: z.string().max(31).optional(),
  reason: DeadLetterReason.optional(),
  group: z.string().max(500).optional().meta({ description: 'Exactly this group' }),
  transferId: z.uuid().optional(),
  payoutId: z.uuid().optional().meta({ description: 'Of its transfers, and of the payout as a whole' }),
  lane: Lane.optional(),
  state: z.enum(['open', 'replayed', 'all']).default('open'),
  since: z.iso.datetime({ offset: true }).optional().meta({ description: 'Last died at or after this' }),
  until: z.iso.datetime({ offset: true }).optional().meta({ description: 'Last died before this' }),
  q: textUpTo(200).min(1).optional().meta({ description: 'Found in the error or in the message' }),
});
export type DeadLetterFilter = z.output<typeof DeadLetterFilter>;

/** Query of `GET /v1/dead-letters`. */
export const DeadLetterQuery = DeadLetterFilter.extend({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: z.string().max(200).optional(),
});

/** Letters that died of the same thing. */
export const DeadLetterGroup = z
  .object({
    channel: z.string(),
    reason: DeadLetterReason,
    group: z.string(),
    count: z.int(),
    oldestAt: z.iso.datetime(),
    newestAt: z.iso.datetime(),
    sampleId: DeadLetterId,
  })
  .meta({ id: 'DeadLetterGroup' });
export type DeadLetterGroup = z.output<typeof DeadLetterGroup>;

/** Letters that one replay handles at most; the answer says how many remain. */
export const REPLAY_LIMIT = 500;

/** Body of `POST /v1/dead-letters/replay`: some letters by id, or those that a filter matches. */
export const ReplayRequest = z
  .strictObject({
    ids: z.array(DeadLetterId).min(1).max(REPLAY_LIMIT).optional(),
    filter: DeadLetterFilter.optional(),
    dryRun: z.boolean().default(false).meta({ description: 'Only say how many would be replayed' }),
    limit: z.int().min(1).max(REPLAY_LIMIT).default(REPLAY_LIMIT),
    ratePerSecond: z
      .int()
      .min(1)
      .max(1_000)
      .default(50)
      .meta({ description: 'So that what just recovered is not overrun' }),
  })
  .refine(({ ids, filter }) => (ids === undefined) !== (filter === undefined), {
    message: 'must have either ids or filter',
  })
  .meta({ id: 'ReplayRequest' });
export type ReplayRequest = z.output<typeof ReplayRequest>;

/** What a replay came to. A letter that somebody else is just replaying is in `remaining`, not replayed twice. */
export const ReplayResult = z
  .object({
    dryRun: z.boolean(),
    matched: z.int(),
    replayed: z.int(),
    remaining: z.int().meta({ description: 'Matched and not replayed by this call: call again for them' }),
    refused: z.int().meta({
      description:
        'Selected, but never replayed (in no other count): reason `untrusted_publisher`, as a replay would send a message of unknown origin in the name of the channel',
    }),
  })
  .meta({ id: 'ReplayResult' });
export type ReplayResult = z.output<typeof ReplayResult>;
