import { connect, type ChannelModel } from 'amqplib';

/** A message as anybody would publish it who wants it kept: mandatory and persistent. */
export interface BareMessage {
  exchange: string;
  routingKey: string;
  messageId: string;
  contentType: string;
  /** That of the connection: consumers trust no other. */
  userId: string;
  headers: Record<string, string>;
  /** Text, since that is what events are before they leave. */
  body: string;
}

/** The least that a program can do with amqplib: what ours is measured against. */
export class BareAmqp {
  readonly #model: ChannelModel;

  private constructor(model: ChannelModel) {
    this.#model = model;
  }

  static async open(url: string): Promise<BareAmqp> {
    return new BareAmqp(await connect(url, { noDelay: true }));
  }

  /** Publishes all with pipelined confirms, so many of them unconfirmed at most; resolves with the last confirm. */
  async publish(messages: readonly BareMessage[], { window }: { window: number }): Promise<void> {
    const channel = await this.#model.createConfirmChannel();
    await new Promise<void>((resolve, reject) => {
      let sent = 0;
      let confirmed = 0;
      const onConfirm = (error: unknown) => {
        if (error != null) reject(new Error('a message was not confirmed', { cause: error }));
        confirmed += 1;
        if (confirmed === messages.length) resolve();
        else pump();
      };
      const pump = () => {
        for (; sent - confirmed < window; sent += 1) {
          const message = messages[sent];
          if (message === undefined) return;
          const { exchange, routingKey, body, ...properties } = message;
          const options = { ...properties, mandatory: true, persistent: true };
          channel.publish(exchange, routingKey, Buffer.from(body), options, onConfirm);
        }
      };
      pump();
    });
    await channel.close();
  }

  /** Takes so many messages off a queue and acknowledges each. */
  async consume(queue: string, { count, prefetch }: { count: number; prefetch: number }): Promise<void> {
    const channel = await this.#model.createChannel();
    await channel.prefetch(prefetch);
    await new Promise<void>((resolve, reject) => {
      let acked = 0;
      const take: Parameters<typeof channel.consume>[1] = (message) => {
        if (message === null) return;
        channel.ack(message);
        acked += 1;
        if (acked === count) resolve();
      };
      channel.consume(queue, take).catch(reject);
    });
    await channel.close();
  }

  /** Empties a queue; answers how many messages were in it. */
  async purge(queue: string): Promise<number> {
    const channel = await this.#model.createChannel();
    const { messageCount } = await channel.purgeQueue(queue);
    await channel.close();
    return messageCount;
  }

  async close(): Promise<void> {
    await this.#model.close();
  }
}
