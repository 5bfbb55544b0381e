import { z } from 'zod';
import { Role } from './events.ts';

/**
 * Where a delivery stands. `sending`: claimed, an attempt is under way. `retrying`: an attempt failed, a
 * further one waits in a delay queue. `sent`: the provider accepted it. `dead`: given up, a dead letter
 * says why.
 */
export const DELIVERY_STATUSES = ['sending', 'retrying', 'sent', 'dead'] as const;
export const DeliveryStatus = z.enum(DELIVERY_STATUSES);
export type DeliveryStatus = z.output<typeof DeliveryStatus>;

/** One alert to one person by one channel, as an API tells of it. */
export const Delivery = z
  .object({
    channel: z.string().meta({ example: 'email' }),
    role: Role,
    recipient: z.string().meta({
      description:
        'Address on that channel: account id, phone number or email; masked unless it is your own, or the phone number of someone whom you paid',
    }),
    status: DeliveryStatus,
    attempts: z.int(),
    provider: z.string().nullable(),
    reference: z.string().nullable().meta({ description: "The provider's reference" }),
    error: z.string().nullable(),
    nextAttemptAt: z.iso.datetime().nullable().meta({
      description:
        'While it is `retrying`: the next attempt comes then, or shortly after. Null while the delivery is held until a provider works, because every provider of the channel fails',
    }),
    createdAt: z.iso.datetime(),
    sentAt: z.iso.datetime().nullable(),
    latencyMs: z
      .number()
      .nullable()
      .meta({ description: 'From the commit of what it tells of to the acceptance by the provider' }),
    pausedSeconds: z.int().meta({
      description:
        'How much of the time since the commit the channel was paused, because every provider of it failed; as of the last attempt',
    }),
  })
  .meta({ id: 'Delivery' });
export type Delivery = z.output<typeof Delivery>;

/** Answer of a channel's `GET /v1/deliveries`. */
export const DeliveryList = z.object({ data: z.array(Delivery) }).meta({ id: 'DeliveryList' });
export type DeliveryList = z.output<typeof DeliveryList>;
