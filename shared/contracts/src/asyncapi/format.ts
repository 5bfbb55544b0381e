/** The parts of AsyncAPI 3.0 that we use: https://www.asyncapi.com/docs/reference/specification/v3.0.0 */
export interface AsyncApi {
  asyncapi: '3.0.0';
  id: string;
  info: { title: string; version: string; description: string };
  servers: Record<string, object>;
  channels: Record<string, Channel>;
  operations: Record<string, Operation>;
  components: {
    messages: Record<string, Message>;
    schemas: Record<string, object>;
    securitySchemes: Record<string, object>;
  };
}

export interface Ref {
  $ref: string;
}

export interface Channel {
  /** A routing key, a queue or a path; null for a queue that the broker names. */
  address: string | null;
  summary: string;
  description?: string;
  servers: Ref[];
  parameters?: Record<string, Parameter>;
  messages: Record<string, Ref>;
  bindings: { amqp: AmqpChannel } | { ws: WebSocketChannel };
}

/** What one word of an address may be. */
export interface Parameter {
  description?: string;
  enum?: string[];
  location?: string;
}

/** https://github.com/asyncapi/bindings/tree/master/amqp, with arguments and bindings, which it has no place for. */
export type AmqpChannel =
  | {
      is: 'routingKey';
      exchange: { name: string; type: 'topic' | 'direct'; durable: boolean; autoDelete: boolean };
      bindingVersion: typeof AMQP_BINDING;
    }
  | {
      is: 'queue';
      queue: { name: string; durable: boolean; exclusive: boolean; autoDelete: boolean };
      'x-arguments': Record<string, string | number>;
      'x-bindings': { exchange: string; routingKey: string }[];
      bindingVersion: typeof AMQP_BINDING;
    };
export const AMQP_BINDING = '0.3.0';

/** https://github.com/asyncapi/bindings/tree/master/websockets, with what it has no place for. */
interface WebSocketChannel {
  method: 'GET';
  /** A schema. */
  headers: object;
  'x-subprotocol': string;
  'x-close-codes': Record<string, string>;
  'x-most-frame-bytes': number;
  bindingVersion: '0.1.0';
}

export interface Operation {
  action: 'send' | 'receive';
  channel: Ref;
  summary: string;
  description?: string;
  /** The service that does it. */
  tags: { name: string }[];
  messages: Ref[];
  bindings?: { amqp: AmqpOperation };
  reply?: { channel: Ref; messages: Ref[] };
}
interface AmqpOperation {
  /** The property `user-id` of what is published. */
  userId?: string;
  deliveryMode?: 1 | 2;
  mandatory?: boolean;
  ack?: boolean;
  bindingVersion: typeof AMQP_BINDING;
}

export interface Message {
  title: string;
  summary?: string;
  description?: string;
  contentType: string;
  headers?: Ref;
  payload: Ref;
  correlationId?: { description: string; location: string };
  examples?: { headers?: object; payload: unknown }[];
}

type Section = 'channels' | 'servers' | 'messages' | 'schemas';
const WHERE: Record<Section, string> = {
  channels: '#/channels',
  servers: '#/servers',
  messages: '#/components/messages',
  schemas: '#/components/schemas',
};
/** A reference to something of the document. */
export const ref = (section: Section, name: string): Ref => ({ $ref: `${WHERE[section]}/${name}` });

/** All of them in one. */
export const merged = <T>(records: readonly Record<string, T>[]): Record<string, T> =>
  Object.fromEntries(records.flatMap((record) => Object.entries(record)));

/** A channel's messages, by the names that they have among the components. */
export const messagesOf = (names: readonly string[]): Record<string, Ref> =>
  Object.fromEntries(names.map((name) => [name, ref('messages', name)]));

/** Something that a service does on a channel. Messages are referred to by way of their channel. */
export function operation(
  service: string,
  action: Operation['action'],
  on: { channel: string; messages: readonly string[] },
  about: Pick<Operation, 'summary' | 'description' | 'bindings'>,
): Operation {
  const channel = ref('channels', on.channel);
  const messages = on.messages.map((name) => ({ $ref: `${channel.$ref}/messages/${name}` }));
  return { action, channel, ...about, tags: [{ name: service }], messages };
}

/**
 * An address with names for what differs, from one that was made as all are made:
 * `addressTemplate('5s.bulk', { step: '5s', lane: 'bulk' })` is `{step}.{lane}`.
 */
export function addressTemplate(address: string, words: Record<string, string>): string {
  return Object.entries(words).reduce(
    (template, [name, word]) => template.replace(word, `{${name}}`),
    address,
  );
}
