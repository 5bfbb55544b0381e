import { z } from 'zod';
import { Party, PaymentEvent } from '../events.ts';
import { FeedEvent, TopicEvent } from '../feed-event.ts';
import { ClientFrame, ServerFrame } from '../live.ts';
import { PayoutTurn } from '../payout-turn.ts';
import {
  EventHeaders,
  FeedEventHeaders,
  ReplayHeaders,
  RetryHeaders,
  TopicEventHeaders,
} from '../message-headers.ts';
import { ref } from './format.ts';

/** The events of `payments`, by the names of their schemas. */
export const PAYMENT_EVENTS: ReadonlyMap<string, (typeof PaymentEvent.options)[number]> = new Map(
  PaymentEvent.options.map((event) => [idOf(event), event]),
);
/** What a client may say, by the names of their schemas: `SubscribeFrame`. */
export const CLIENT_FRAMES: ReadonlyMap<string, z.ZodType> = new Map(
  ClientFrame.options.map((frame) => [`${capitalised(frame.shape.t.value)}Frame`, frame]),
);
/** What a gateway may say, likewise; several events may come in one frame. */
export const SERVER_FRAMES: ReadonlyMap<string, z.ZodType> = new Map(
  ServerFrame.options.map((frame) => [frame instanceof z.ZodArray ? 'LiveEvents' : idOf(frame), frame]),
);

/** Every schema that messages name, as JSON Schema draft 7, which is what AsyncAPI's own is made from. */
export function componentSchemas(): Record<string, object> {
  const schemas = z.registry<{ id: string }>();
  const named: [string, z.ZodType][] = [
    ...PAYMENT_EVENTS,
    ['PayoutTurn', PayoutTurn],
    ['Party', Party],
    ['EventHeaders', EventHeaders],
    ['RetryHeaders', RetryHeaders],
    ['ReplayHeaders', ReplayHeaders],
    ['FeedEventHeaders', FeedEventHeaders],
    ['TopicEventHeaders', TopicEventHeaders],
    ['FeedEvent', FeedEvent],
    ['TopicEvent', TopicEvent],
    ...CLIENT_FRAMES,
    ...SERVER_FRAMES,
  ];
  for (const [id, schema] of named) schemas.add(schema, { id });
  const made = z.toJSONSchema(schemas, {
    target: 'draft-7',
    // What readers take: those of ours pass over fields that they don't know, unless the schema forbids them.
    io: 'input',
    uri: (id) => ref('schemas', id).$ref,
    override: ({ jsonSchema }) => simplify(jsonSchema),
  });
  return Object.fromEntries(
    Object.entries(made.schemas).map(([id, { $schema: _, $id: __, ...schema }]) => [id, schema]),
  );
}

/** Says shortly what zod says at length, and in JSON Schema's words what our schemas say in those of OpenAPI. */
function simplify(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.format === 'uuid') delete schema.pattern;
  if (schema.format === 'date-time') schema.pattern = 'Z$';
  if ('example' in schema) {
    schema.examples = [schema['example']];
    delete schema['example'];
  }
}

function idOf(schema: z.ZodType): string {
  const id = schema.meta()?.id;
  if (id === undefined) throw new Error(`a schema has no id: ${JSON.stringify(z.toJSONSchema(schema))}`);
  return id;
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
