import { randomUUID } from 'node:crypto';
import { connect, type Channel, type ChannelModel, type Message } from 'amqplib';
import { waitFor } from '@payfan/stack/testing';
import { OWN_QUEUE } from './broker-state.ts';
import type { Heard } from './judge.ts';

/** A message as the broker gave it to us; `channel` is where it was found. */
function heardOn(channel: string, { fields, properties, content }: Message): Heard {
  return {
    channel,
    routingKey: fields.routingKey,
    contentType: properties.contentType as string | undefined,
    headers: properties.headers ?? {},
    deliveryMode: properties.deliveryMode as number | undefined,
    userId: properties.userId as string | undefined,
    body: content.toString(),
  };
}

/** A look at the broker beside the services: copies of what exchanges carry, and what lies in queues. */
export class Tap {
  readonly #model: ChannelModel;
  readonly #channel: Channel;

  private constructor(model: ChannelModel, channel: Channel) {
    this.#model = model;
    this.#channel = channel;
  }

  static async open(amqpUrl: string): Promise<Tap> {
    const model = await connect(amqpUrl);
    return new Tap(model, await model.createChannel());
  }

  /** Everything that an exchange carries under these keys from now on, as it comes. */
  async listen(exchange: string, ...keys: string[]): Promise<Heard[]> {
    const heard: Heard[] = [];
    const { queue } = await this.#channel.assertQueue(`${OWN_QUEUE}${randomUUID()}`, {
      exclusive: true,
      durable: false,
    });
    for (const key of keys) await this.#channel.bindQueue(queue, exchange, key);
    const take = (message: Message | null) => {
      if (message !== null) heard.push(heardOn(exchange, message));
    };
    await this.#channel.consume(queue, take, { noAck: true });
    return heard;
  }

  /** The next message that lies in a queue or comes into it; it stays there. */
  async peek(queue: string): Promise<Heard> {
    const channel = await this.#model.createChannel();
    await channel.prefetch(1);
    const message = await new Promise<Message>((resolve, reject) => {
      const take = (next: Message | null) => {
        if (next !== null) resolve(next);
      };
      channel.consume(queue, take).catch(reject);
    });
    // Closing gives it back.
    await channel.close();
    return heardOn(queue, message);
  }

  /** Dies with the message in hand, as a consumer would, until it lies in the other queue. */
  async dieOver(queue: string, dead: string): Promise<void> {
    const isDead = async () => {
      const message = await this.#channel.get(queue);
      if (message !== false) this.#channel.reject(message, true);
      return (await this.#channel.checkQueue(dead)).messageCount > 0;
    };
    await waitFor(isDead, { what: `${queue} giving up` });
  }

  async close(): Promise<void> {
    await this.#model.close();
  }
}
