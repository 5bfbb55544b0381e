import type { AsyncApi, Channel, Ref } from '@payfan/contracts/asyncapi';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import { parse } from 'yaml';

/** Something that was really said on a channel. */
export interface Heard {
  channel: string;
  /** Whose doing it is, if that is known: it has fewer messages than its channel, and says how they are delivered. */
  operation?: string;
  routingKey?: string;
  contentType: string | undefined;
  headers: Record<string, unknown>;
  deliveryMode?: number | undefined;
  userId?: string | undefined;
  body: string;
}

/** What the document says of something that was heard. */
export interface Verdict {
  /** The messages that it is, by their names. */
  is: string[];
  /** Why it is none; empty if it is one. */
  problems: string[];
}

type Message = AsyncApi['components']['messages'][string];

/** The broker adds them on the way, and other versions of it add others. */
const OF_THE_BROKER = /^x-(death|first-death-.*|last-death-.*|delivery-count|acquired-count)$/;

/**
 * Holds what was heard against the document, with its own schemas. A field that the document does not name is a
 * problem here, though readers pass over it: else nobody would notice that it is not described.
 */
export class Judge {
  readonly document: AsyncApi;
  readonly #ajv = new Ajv({ allErrors: true });
  readonly #compiled = new Map<string, ValidateFunction>();

  /** @param text the document, as YAML */
  constructor(text: string) {
    this.document = parse(text) as AsyncApi;
    formats.default(this.#ajv);
    // References lead through it; any other word that JSON Schema does not know is an error.
    this.#ajv.addVocabulary(['components']);
    const schemas = Object.entries(this.document.components.schemas);
    const closed = Object.fromEntries(schemas.map(([name, schema]) => [name, closedOf(schema)]));
    this.#ajv.addSchema({ components: { schemas: closed } }, 'document');
  }

  hear(heard: Heard): Verdict {
    const channel = this.#channel(heard.channel);
    const around = [...this.#addressProblems(channel, heard), ...this.#deliveryProblems(heard)];
    const verdicts = this.#messagesFor(channel, heard).map((name) => ({
      name,
      problems: this.#messageProblems(name, heard),
    }));
    const is = verdicts.filter(({ problems }) => problems.length === 0).map(({ name }) => name);
    if (is.length > 0) return { is: around.length === 0 ? is : [], problems: around };
    const why = verdicts.flatMap(({ name, problems }) => problems.map((problem) => `${name}: ${problem}`));
    return { is, problems: [...around, ...why] };
  }

  /** What is wrong with the examples that the document gives. */
  exampleProblems(): string[] {
    return Object.entries(this.document.components.messages).flatMap(([name, message]) => {
      if (message.examples === undefined) return [`${name}: there is no example`];
      return message.examples.flatMap(({ headers = {}, payload }) =>
        this.#schemaProblems(message, headers, payload).map((problem) => `${name}: ${problem}`),
      );
    });
  }

  /** What is wrong with the headers of a WebSocket's handshake, by the binding of its channel. */
  handshakeProblems(channel: string, headers: Record<string, unknown>): string[] {
    const { bindings } = this.#channel(channel);
    const { headers: schema } = 'ws' in bindings ? bindings.ws : {};
    if (schema === undefined) throw new Error(`the document says nothing of a handshake on ${channel}`);
    const validate = this.#ajv.compile(schema);
    return validate(headers) ? [] : (validate.errors ?? []).map(sentence);
  }

  #channel(name: string): Channel {
    const channel = this.document.channels[name];
    if (channel === undefined) throw new Error(`the document has no channel ${name}`);
    return channel;
  }

  #messagesFor(channel: Channel, { channel: name, operation }: Heard): string[] {
    if (operation === undefined) return Object.keys(channel.messages);
    const found = this.document.operations[operation];
    if (found?.channel.$ref !== `#/channels/${name}`) {
      throw new Error(`the document has no operation ${operation} on ${name}`);
    }
    return found.messages.map(lastWord);
  }

  #addressProblems({ address, parameters = {} }: Channel, { routingKey, body }: Heard): string[] {
    if (routingKey === undefined || address === null) return [];
    const names = [...address.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
    const pattern = address.replaceAll('.', '\\.').replaceAll(/\{(\w+)\}/g, '(?<$1>.+)');
    const words = new RegExp(`^${pattern}$`).exec(routingKey)?.groups;
    if (words === undefined && names.length > 0) return [`the routing key ${routingKey} is no ${address}`];
    return names.flatMap((name) => {
      const word = words?.[name] ?? '';
      const { enum: allowed, location } = parameters[name] ?? {};
      const inBody = location?.replace('$message.payload#/', '');
      const problems: string[] = [];
      if (allowed?.includes(word) === false) problems.push(`${word} is no ${name}`);
      if (inBody !== undefined && fieldOf(body, inBody) !== word)
        problems.push(`${name} is not as in the body`);
      return problems;
    });
  }

  #deliveryProblems({ operation = '', deliveryMode = 1, userId }: Heard): string[] {
    const wanted = this.document.operations[operation]?.bindings?.amqp;
    if (wanted?.deliveryMode === undefined) return [];
    return [
      ...(wanted.deliveryMode === deliveryMode
        ? []
        : [`the delivery mode is ${deliveryMode}, not ${wanted.deliveryMode}`]),
      ...(wanted.userId === userId ? [] : [`the user-id is ${userId}, not ${wanted.userId}`]),
    ];
  }

  #messageProblems(name: string, { contentType, headers, body }: Heard): string[] {
    const message = this.document.components.messages[name];
    if (message === undefined) throw new Error(`the document has no message ${name}`);
    const wrongType = contentType === message.contentType ? [] : [`content type ${contentType ?? 'none'}`];
    const ours = Object.fromEntries(Object.entries(headers).filter(([key]) => !OF_THE_BROKER.test(key)));
    return [...wrongType, ...this.#schemaProblems(message, ours, jsonOf(body))];
  }

  #schemaProblems({ headers: header, payload: body }: Message, headers: object, payload: unknown): string[] {
    return [
      ...(header === undefined ? [] : this.#problems(header, headers, 'header')),
      ...this.#problems(body, payload, 'body'),
    ];
  }

  #problems({ $ref }: Ref, value: unknown, what: string): string[] {
    const validate = this.#compiled.get($ref) ?? this.#ajv.compile({ $ref: `document${$ref}` });
    this.#compiled.set($ref, validate);
    return validate(value) ? [] : (validate.errors ?? []).map((error) => `${what} ${sentence(error)}`);
  }
}

const sentence = ({ instancePath, message, params }: ErrorObject): string =>
  `${instancePath} ${message} ${JSON.stringify(params)}`;

const lastWord = ({ $ref }: Ref): string => $ref.slice($ref.lastIndexOf('/') + 1);

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

function fieldOf(body: string, name: string): unknown {
  const json = jsonOf(body);
  return typeof json === 'object' && json !== null ? (json as Record<string, unknown>)[name] : undefined;
}

/** The same schema without room for fields that it does not name. */
function closedOf(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closedOf);
  if (typeof schema !== 'object' || schema === null) return schema;
  const closed = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closedOf(value)]));
  const isObject = closed['type'] === 'object' && 'properties' in closed;
  return isObject ? { additionalProperties: false, ...closed } : closed;
}
