import {
  DeadLetter,
  DeadLetterFilter,
  DeadLetterGroup,
  DeadLetterQuery,
  Delivery,
  pageOf,
  ReplayResult,
} from '@payfan/contracts';
import { z } from 'zod';

const unavailable = z
  .array(z.string())
  .meta({ description: 'Channels that did not answer just now: their share is missing' });

/** What the channels tell of one transfer, and which of them could not be asked. */
export const Timeline = z.object({ data: z.array(Delivery), unavailable }).meta({ id: 'DeliveryTimeline' });
export type Timeline = z.output<typeof Timeline>;

/** Query of `GET /v1/dead-letters`. The cursor holds a position for each channel, so it may be long. */
export const LettersQuery = DeadLetterQuery.extend({ after: z.string().max(2_000).optional() });

/** Query of `GET /v1/dead-letters/groups`. */
export const GroupsQuery = DeadLetterFilter;

export const LetterPage = pageOf(DeadLetter).extend({ unavailable }).meta({ id: 'DeadLetterPage' });
export type LetterPage = z.output<typeof LetterPage>;

export const LetterGroups = z
  .object({ data: z.array(DeadLetterGroup), unavailable })
  .meta({ id: 'DeadLetterGroups' });
export type LetterGroups = z.output<typeof LetterGroups>;

/** The sum over the channels. A channel in `unavailable` may have replayed letters that are not in the sum. */
export const ReplayOutcome = ReplayResult.extend({ unavailable }).meta({ id: 'ReplayOutcome' });
export type ReplayOutcome = z.output<typeof ReplayOutcome>;
