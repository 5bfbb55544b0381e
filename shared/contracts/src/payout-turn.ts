import { z } from 'zod';
import { Tier } from './transfers-api.ts';

/**
 * A message on the exchange `payouts`: it is this payout's turn on its lane, for one chunk of it. Which one is
 * decided by whoever takes the turn.
 */
export const PayoutTurn = z
  .object({
    specversion: z.literal('1.0'),
    id: z.uuid(),
    source: z.string(),
    type: z.literal('payfan.payout.turn.v1'),
    subject: z.uuid().meta({ description: 'The payout id' }),
    time: z.iso.datetime(),
    datacontenttype: z.literal('application/json'),
    traceparent: z.string(),
    correlationid: z.string(),
    data: z.object({ payoutId: z.uuid(), lane: Tier }),
  })
  .meta({ id: 'PayoutTurn' });
export type PayoutTurn = z.output<typeof PayoutTurn>;
