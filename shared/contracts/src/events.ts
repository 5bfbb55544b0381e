import { z } from 'zod';
import { jsonOf } from './json-of.ts';
import { Lane } from './lane.ts';
import { AmountMinor, Currency } from './money.ts';
import { Text } from './text.ts';
import { Tier } from './transfers-api.ts';

/** Media type of every message: CloudEvents 1.0, structured mode. */
export const CLOUDEVENTS_JSON = 'application/cloudevents+json';

/** Someone to tell, as they were when the money was committed: a channel needs nothing else. */
export const Party = z.object({
  accountId: z.uuid(),
  name: Text,
  phone: Text.meta({ description: 'E.164' }),
  email: Text,
  language: Text.meta({ description: 'BCP 47 tag', example: 'en' }),
});
export type Party = z.output<typeof Party>;

/** Which side of a transfer somebody is on: the payer is debited, the payee credited. A payout's owner is its payer. */
export const ROLES = ['payer', 'payee'] as const;
export const Role = z.enum(ROLES);
export type Role = z.output<typeof Role>;

/** W3C Trace Context `traceparent`. */
export const Traceparent = z.string().regex(/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);

const cloudEvent = {
  specversion: z.literal('1.0'),
  id: z.uuid(),
  source: Text.min(1),
  time: z.iso.datetime(),
  datacontenttype: z.literal('application/json'),
  traceparent: Traceparent,
  correlationid: Text.min(1).max(64),
  lane: Lane,
};

/** Money went from payer to payee; both sides are to be told, but for the payer of a payout. */
export const TransferCompleted = z
  .object({
    ...cloudEvent,
    type: z.literal('payfan.transfer.completed.v1'),
    subject: z.uuid().meta({ description: 'The transfer id' }),
    data: z.object({
      transferId: z.uuid(),
      amount: AmountMinor,
      currency: Currency,
      note: Text,
      createdAt: z.iso.datetime(),
      payoutId: z
        .uuid()
        .optional()
        .meta({ description: 'The payout that it is a part of, whose owner is told once of the whole' }),
      payer: Party,
      payee: Party,
    }),
  })
  .meta({ id: 'TransferCompleted' });
export type TransferCompleted = z.output<typeof TransferCompleted>;

/** Every item of a payout has succeeded, failed or been cancelled; its owner is to be told. */
export const PayoutCompleted = z
  .object({
    ...cloudEvent,
    type: z.literal('payfan.payout.completed.v1'),
    subject: z.uuid().meta({ description: 'The payout id' }),
    data: z.object({
      payoutId: z.uuid(),
      lane: Tier.meta({ description: "The lane that it was worked off on: its owner's tier" }),
      total: z.int().positive().meta({ description: 'Items' }),
      succeeded: z.int().nonnegative(),
      failed: z.int().nonnegative(),
      cancelled: z.int().nonnegative().default(0).meta({ description: 'Items that were never begun' }),
      amount: z
        .int()
        .nonnegative()
        .meta({ description: 'Minor units moved, which is those of the items that succeeded' }),
      currency: Currency,
      createdAt: z.iso.datetime(),
      completedAt: z.iso.datetime(),
      owner: Party,
    }),
  })
  .meta({ id: 'PayoutCompleted' });
export type PayoutCompleted = z.output<typeof PayoutCompleted>;

/** Every event on the `payments` exchange. */
export const PaymentEvent = z.discriminatedUnion('type', [TransferCompleted, PayoutCompleted]);
export type PaymentEvent = z.output<typeof PaymentEvent>;

/** `transfer.completed.interactive`, `payout.completed.interactive`: the routing key of an event on `payments`. */
export function paymentRoutingKey(event: Pick<PaymentEvent, 'type' | 'lane'>): string {
  const name = event.type.slice('payfan.'.length, event.type.lastIndexOf('.'));
  return `${name}.${event.lane}`;
}

/** The service that alone publishes events of this type. */
export const publisherOf = ({ type }: Pick<PaymentEvent, 'type'>): 'transaction' | 'payout' =>
  type.startsWith('payfan.payout.') ? 'payout' : 'transaction';

/** Why a message is no event that we know, or the event. */
export type ParsedEvent = { ok: true; event: PaymentEvent } | { ok: false; reason: string };

/**
 * Reads a message body. What cannot be read keeps its reason: `malformed` (not JSON, not a CloudEvent, a
 * field that is wrong) or `unknown type` (an event, or a version of one, from a newer publisher).
 */
export function parsePaymentEvent(body: Buffer): ParsedEvent {
  let json: unknown;
  try {
    json = jsonOf(body);
  } catch {
    return { ok: false, reason: 'malformed: the body is not JSON' };
  }
  const event = PaymentEvent.safeParse(json);
  if (event.success) return { ok: true, event: event.data };
  const any = AnyCloudEvent.safeParse(json);
  if (!any.success) return { ok: false, reason: 'malformed: the body is not a CloudEvent 1.0' };
  if (!KNOWN_TYPES.has(any.data.type)) {
    // The reason is stored and read by people; what somebody else put here may be neither storable nor readable.
    const name = any.data.type.slice(0, 100).replace(/[^\x20-\x7e]/g, '?');
    return { ok: false, reason: `unknown type: ${name}` };
  }
  const issue = event.error.issues[0];
  return { ok: false, reason: `malformed: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}` };
}

const AnyCloudEvent = z.object({ specversion: z.literal('1.0'), type: z.string() });
const KNOWN_TYPES = new Set<string>(PaymentEvent.options.map((option) => option.shape.type.value));
