import type { Channel, ChannelModel } from 'amqplib';
import type { Topology } from '@payfan/contracts';
import { TopologyMismatchError } from './topology.ts';

/** What was found, and done about it. */
export interface Restoration {
  /** Exchanges and queues that were gone and are there again. */
  restored: string[];
  /** Exchanges that are gone and were left alone. */
  absent: string[];
  /** Why the broker refused some of it. */
  refused: Error[];
}

/**
 * Declares again, on a connection that is in use, what somebody may have deleted. Unlike `declareTopology` it
 * goes on after a refusal, and tells what was missing. That can be known of exchanges and queues only: AMQP has
 * no way to ask for a binding, so bindings are declared again without a word.
 *
 * @param mayCreate whether an exchange that is gone is to be created. Whoever does so without knowing all of
 *   its bindings makes it route to some of its queues, and events would miss the others unnoticed. One that may
 *   not be created is not even declared: it may be deleted right after it was seen.
 * @throws if the connection dies on the way.
 */
export async function restoreTopology(
  model: ChannelModel,
  topology: Topology,
  mayCreate: (exchange: string) => boolean,
): Promise<Restoration> {
  const broker = new Asker(model);
  const found: Restoration = { restored: [], absent: [], refused: [] };

  const declare = async (name: string, isThere: Ask, make: Ask) => {
    const missing = (await broker.refuses(isThere))?.code === NOT_FOUND;
    const refused = await broker.refuses(make);
    if (refused !== undefined) found.refused.push(asMismatch(refused));
    else if (missing) found.restored.push(name);
  };

  for (const { name, arguments: args } of topology.queues) {
    await declare(
      name,
      (channel) => channel.checkQueue(name),
      (channel) => channel.assertQueue(name, { durable: true, arguments: args }),
    );
  }
  // The bindings of an exchange follow it at once: while it has some of them only, what another process
  // publishes reaches some of its queues only.
  for (const { name, type } of topology.exchanges) {
    const isThere: Ask = (channel) => channel.checkExchange(name);
    if (mayCreate(name)) {
      await declare(name, isThere, (channel) => channel.assertExchange(name, type, { durable: true }));
    } else if ((await broker.refuses(isThere))?.code === NOT_FOUND) {
      found.absent.push(name);
      continue;
    }
    for (const { queue, routingKey } of topology.bindings.filter(({ exchange }) => exchange === name)) {
      const refused = await broker.refuses((channel) => channel.bindQueue(queue, name, routingKey));
      if (refused !== undefined) found.refused.push(refused);
    }
  }
  await broker.close();
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

const asMismatch = (refusal: Refusal): Error =>
  refusal.code === PRECONDITION_FAILED ? new TopologyMismatchError(refusal) : refusal;
