import { openManagement, type Management } from '../management.ts';

/** A message as it lay in a queue. */
export interface TakenMessage {
  routingKey: string;
  messageId: string | undefined;
  body: string;
}

export interface BrokerAdminOptions {
  /** With user and password, as `freshVhost()` answers it. */
  managementUrl: string;
  vhost: string;
}

interface ListedConnection {
  name: string;
  user_provided_name?: string;
}
interface ListedQueue {
  name: string;
  messages?: number;
}
interface GotMessage {
  routing_key: string;
  payload: string;
  properties: { message_id?: string };
}

/** What an operator could do to one vhost, by RabbitMQ's management API: for tests that need it done. */
export class BrokerAdmin {
  /** The administrator's name. */
  readonly user: string;
  readonly #management: Management;
  readonly #vhost: string;

  constructor({ managementUrl, vhost }: BrokerAdminOptions) {
    this.user = decodeURIComponent(new URL(managementUrl).username);
    this.#management = openManagement(managementUrl);
    this.#vhost = encodeURIComponent(vhost);
  }

  /** Closes every AMQP connection to the vhost; answers how many there were. */
  async closeConnections(): Promise<number> {
    const found = (await this.#management.get(`vhosts/${this.#vhost}/connections`)) as ListedConnection[];
    for (const { name } of found) {
      // One that ended by itself meanwhile is as good as closed.
      await this.#management.delete(`connections/${encodeURIComponent(name)}`).catch(() => undefined);
    }
    return found.length;
  }

  /** The names that programs gave to their connections, sorted. */
  async connectionNames(): Promise<string[]> {
    const found = (await this.#management.get(`vhosts/${this.#vhost}/connections`)) as ListedConnection[];
    return found.flatMap(({ user_provided_name: name }) => name ?? []).sort();
  }

  /** Publishes a message as the administrator; the properties are those of AMQP: `user_id`, `message_id`. */
  async publish(exchange: string, routingKey: string, payload: string, properties: object): Promise<void> {
    await this.#management.post(`exchanges/${this.#vhost}/${encodeURIComponent(exchange)}/publish`, {
      ...{ routing_key: routingKey, payload, payload_encoding: 'string' },
      properties: { delivery_mode: 2, ...properties },
    });
  }

  async deleteQueue(queue: string): Promise<void> {
    await this.#management.delete(`queues/${this.#vhost}/${encodeURIComponent(queue)}`);
  }

  async deleteExchange(exchange: string): Promise<void> {
    await this.#management.delete(`exchanges/${this.#vhost}/${encodeURIComponent(exchange)}`);
  }

  /** A durable quorum queue, bound to nothing but the default exchange. */
  async declareQueue(queue: string, args: Record<string, string | number> = {}): Promise<void> {
    await this.#management.put(`queues/${this.#vhost}/${encodeURIComponent(queue)}`, {
      durable: true,
      arguments: { 'x-queue-type': 'quorum', ...args },
    });
  }

  async bind(exchange: string, queue: string, routingKey: string): Promise<void> {
    const path = `bindings/${this.#vhost}/e/${encodeURIComponent(exchange)}/q/${encodeURIComponent(queue)}`;
    await this.#management.post(path, { routing_key: routingKey });
  }

  async unbind(exchange: string, queue: string, routingKey: string): Promise<void> {
    const path = `bindings/${this.#vhost}/e/${encodeURIComponent(exchange)}/q/${encodeURIComponent(queue)}`;
    await this.#management.delete(`${path}/${encodeURIComponent(routingKey)}`);
  }

  /** What an exchange leads to, now. */
  async bindingsOf(exchange: string): Promise<{ queue: string; routingKey: string }[]> {
    const path = `exchanges/${this.#vhost}/${encodeURIComponent(exchange)}/bindings/source`;
    const bindings = (await this.#management.get(path)) as { destination: string; routing_key: string }[];
    return bindings.map(({ destination, routing_key }) => ({ queue: destination, routingKey: routing_key }));
  }

  /**
   * Messages in all queues, those in consumers' hands included, as of a moment ago. Rejects while the broker does not
   * say so of a queue, because a missing count is not 0.
   */
  async messages(): Promise<number> {
    const queues = (await this.#management.get(`queues/${this.#vhost}`)) as ListedQueue[];
    return queues.reduce((sum, { name, messages }) => {
      if (messages === undefined) throw new Error(`the broker does not say how long ${name} is`);
      return sum + messages;
    }, 0);
  }

  /** Takes up to `count` messages out of a queue, for good. */
  async take(queue: string, count = 1_000): Promise<TakenMessage[]> {
    const got = (await this.#management.post(`queues/${this.#vhost}/${encodeURIComponent(queue)}/get`, {
      count,
      ackmode: 'ack_requeue_false',
      encoding: 'auto',
    })) as GotMessage[];
    return got.map(({ routing_key: routingKey, payload: body, properties }) => ({
      routingKey,
      messageId: properties.message_id,
      body,
    }));
  }
}
