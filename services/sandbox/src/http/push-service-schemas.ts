import { z } from 'zod';

/** 65 bytes in base64url: an uncompressed point of P-256. */
const Point = z.string().regex(/^B[\w-]{86}$/, 'must be a public key of P-256, in base64url without padding');

export const Subscribe = z
  .strictObject({
    applicationServerKey: Point.meta({ description: 'The public VAPID key of whoever is to send' }),
  })
  .meta({ id: 'Subscribe' });

export const SubscriptionSchema = z
  .object({
    id: z.string(),
    endpoint: z.string(),
    expirationTime: z.null(),
    keys: z.object({ p256dh: Point, auth: z.string() }),
  })
  .meta({ id: 'PushSubscription', description: 'With its id, what a browser would hand on' });

const PushMessageSchema = z
  .object({
    id: z.string(),
    sequence: z.int().meta({ description: 'Rises with every message' }),
    subscription: z.string(),
    topic: z.string().nullable(),
    urgency: z.string(),
    ttlSeconds: z.int(),
    payload: z.string().meta({ description: 'Deciphered' }),
    messages: z.int().meta({ description: 'How many came under this topic: each replaces the one before' }),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'PushMessage' });

export const PushMessagesSchema = z.object({
  data: z.array(PushMessageSchema),
  total: z.int().meta({ description: 'Messages in the store, to anybody' }),
});

export const PushMessagesQuery = z.strictObject({
  subscription: z.string().max(100).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(50),
});

export const SubscriptionParams = z.object({ id: z.string().max(100) });
