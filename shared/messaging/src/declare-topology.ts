import type { Channel, ChannelModel } from 'amqplib';
import type { Topology } from '@payfan/contracts';
import { refusedAccess } from './access-refused.ts';

/** Why nothing may be published to an exchange for now. */
export interface Hindrance {
  kind: 'blocked' | 'returned';
  why: string;
}

/** What a declaration found and changed. */
export interface Declared {
  /** Exchanges and queues that were gone and are there again. */
  restored: string[];
  /** Exchanges of other programs that are gone: nothing can be bound to them. */
  absent: string[];
  /** Why the broker refused some of it. */
  refused: Error[];
}

/**
 * Declares a topology, on a connection that may be in use. Declaring what is already there changes nothing. It goes on
 * after a refusal, and reports which exchanges and queues were missing; AMQP has no way to ask for a binding, so
 * bindings are declared again without a report.
 *
 * @param hindrances by exchange; kept up to date. An exchange that lacks some of its bindings leads to some of its
 *   queues only, and the events would miss the others unnoticed.
 * @throws if the connection dies on the way.
 */
export async function declareTopology(
  model: ChannelModel,
  { exchanges, queues, bindings, expects = [] }: Topology,
  hindrances: Map<string, Hindrance>,
): Promise<Declared> {
  const broker = new Asker(model);
  const found: Declared = { restored: [], absent: [], refused: [] };
  const lacking = new Map<string, string>();

  const declare = async (name: string, isThere: Ask, onMissing: () => void, make: Ask) => {
    const missing = (await broker.refuses(isThere))?.code === NOT_FOUND;
    if (missing) onMissing();
    const refused = await broker.refuses(make);
    if (refused !== undefined) found.refused.push(explained(refused));
    else if (missing) found.restored.push(name);
  };
  const bind = async (exchange: string) => {
    for (const { queue, routingKey } of bindings.filter((binding) => binding.exchange === exchange)) {
      const refused = await broker.refuses((channel) => channel.bindQueue(queue, exchange, routingKey));
      if (refused?.code !== NOT_FOUND) {
        if (refused !== undefined) found.refused.push(explained(refused));
      } else if (refused.message.includes('no exchange')) {
        found.absent.push(exchange);
        return;
      } else {
        lacking.set(exchange, queue);
      }
    }
  };

  for (const { name, arguments: args } of queues) {
    await declare(
      name,
      (channel) => channel.checkQueue(name),
      () => undefined,
      (channel) => channel.assertQueue(name, { durable: true, arguments: args }),
    );
  }
  // The bindings of an exchange follow it at once, and nothing is published to it before.
  for (const { name, type } of exchanges) {
    await declare(
      name,
      (channel) => channel.checkExchange(name),
      () => hindrances.set(name, { kind: 'blocked', why: `${name} is being declared again` }),
      (channel) => channel.assertExchange(name, type, { durable: true }),
    );
    await bind(name);
  }
  const own = new Set(exchanges.map(({ name }) => name));
  for (const exchange of new Set(bindings.map((binding) => binding.exchange))) {
    if (!own.has(exchange)) await bind(exchange);
  }
  for (const { exchange, queue } of expects) {
    const refused = await broker.refuses((channel) => channel.checkQueue(queue));
    if (refused?.code === NOT_FOUND) lacking.set(exchange, queue);
  }
  await broker.close();

  hindrances.clear();
  for (const [exchange, queue] of lacking) {
    hindrances.set(exchange, {
      kind: 'returned',
      why: `the queue ${queue} is gone, to which ${exchange} has to lead; the program that owns it declares it again`,
    });
  }
  return found;
}

const NOT_FOUND = 404;
const PRECONDITION_FAILED = 406;

type Ask = (channel: Channel) => Promise<unknown>;
type Refusal = Error & { code: number };

/** Asks one thing after another. The broker closes a channel with each refusal, so the next gets a new one. */
class Asker {
  readonly #model: ChannelModel;
  #channel: Channel | undefined;

  constructor(model: ChannelModel) {
    this.#model = model;
  }

  /** Answers the broker's refusal, or undefined if it agreed; throws if there was no answer. */
  async refuses(ask: Ask): Promise<Refusal | undefined> {
    const channel = (this.#channel ??= await this.#open());
    try {
      await ask(channel);
      return undefined;
    } catch (error) {
      this.#channel = undefined;
      if (isRefusal(error)) return error;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#channel?.close();
  }

  async #open(): Promise<Channel> {
    const channel = await this.#model.createChannel();
    // Every question is awaited and has its answer there; unheard, the event would end the connection.
    channel.on('error', () => undefined);
    return channel;
  }
}

const isRefusal = (error: unknown): error is Refusal =>
  error instanceof Error && 'code' in error && typeof error.code === 'number';

const explained = (refusal: Refusal): Error =>
  refusal.code === PRECONDITION_FAILED
    ? new TopologyMismatchError(refusal)
    : (refusedAccess(refusal) ?? refusal);

/** An exchange or queue exists with other arguments: declared by another version, or by hand. */
export class TopologyMismatchError extends Error {
  override readonly name = 'TopologyMismatchError';
  constructor(cause: Error) {
    super(
      `the broker holds a queue or exchange with other arguments than ours (${cause.message}); ` +
        'move its messages away and delete it, and it will be declared again',
      { cause },
    );
  }
}
