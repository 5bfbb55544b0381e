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
interface GotMessage {
  routing_key: string;
  payload: string;
  properties: { message_id?: string };
}

/** What an operator could do to one vhost, by RabbitMQ's management API: for tests that need it done. */
export class BrokerAdmin {
  /** The administrator's name. */
  readonly user: string;
  readonly #origin: string;
  readonly #authorization: string;
  readonly #vhost: string;

  constructor({ managementUrl, vhost }: BrokerAdminOptions) {
    const { origin, username, password } = new URL(managementUrl);
    this.user = decodeURIComponent(username);
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    this.#origin = origin;
    this.#authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
    this.#vhost = encodeURIComponent(vhost);
  }

  /** Closes every AMQP connection to the vhost; answers how many there were. */
  async closeConnections(): Promise<number> {
    const found = (await this.#call('GET', `vhosts/${this.#vhost}/connections`)) as ListedConnection[];
    for (const { name } of found) {
      // One that ended by itself meanwhile is as good as closed.
      await this.#call('DELETE', `connections/${encodeURIComponent(name)}`).catch(() => undefined);
    }
    return found.length;
  }

  /** The names that programs gave to their connections, sorted. */
  async connectionNames(): Promise<string[]> {
    const found = (await this.#call('GET', `vhosts/${this.#vhost}/connections`)) as ListedConnection[];
    return found.flatMap(({ user_provided_name: name }) => name ?? []).sort();
  }

  /** Publishes a message as the administrator; the properties are those of AMQP: `user_id`, `message_id`. */
  async publish(exchange: string, routingKey: string, payload: string, properties: object): Promise<void> {
    await this.#call('POST', `exchanges/${this.#vhost}/${encodeURIComponent(exchange)}/publish`, {
      ...{ routing_key: routingKey, payload, payload_encoding: 'string' },
      properties: { delivery_mode: 2, ...properties },
    });
  }

  async deleteQueue(queue: string): Promise<void> {
    await this.#call('DELETE', `queues/${this.#vhost}/${encodeURIComponent(queue)}`);
  }

  async deleteExchange(exchange: string): Promise<void> {
    await this.#call('DELETE', `exchanges/${this.#vhost}/${encodeURIComponent(exchange)}`);
  }

  /** A durable quorum queue, bound to nothing but the default exchange. */
  async declareQueue(queue: string, args: Record<string, string | number> = {}): Promise<void> {
    await this.#call('PUT', `queues/${this.#vhost}/${encodeURIComponent(queue)}`, {
      durable: true,
      arguments: { 'x-queue-type': 'quorum', ...args },
    });
  }

  async bind(exchange: string, queue: string, routingKey: string): Promise<void> {
    const path = `bindings/${this.#vhost}/e/${encodeURIComponent(exchange)}/q/${encodeURIComponent(queue)}`;
    await this.#call('POST', path, { routing_key: routingKey });
  }

  async unbind(exchange: string, queue: string, routingKey: string): Promise<void> {
    const path = `bindings/${this.#vhost}/e/${encodeURIComponent(exchange)}/q/${encodeURIComponent(queue)}`;
    await this.#call('DELETE', `${path}/${encodeURIComponent(routingKey)}`);
  }

  /** What an exchange leads to, now. */
  async bindingsOf(exchange: string): Promise<{ queue: string; routingKey: string }[]> {
    const path = `exchanges/${this.#vhost}/${encodeURIComponent(exchange)}/bindings/source`;
    const bindings = (await this.#call('GET', path)) as { destination: string; routing_key: string }[];
    return bindings.map(({ destination, routing_key }) => ({ queue: destination, routingKey: routing_key }));
  }

  /** Messages in all queues, those in consumers' hands included, as of a moment ago. */
  async messages(): Promise<number> {
    const queues = (await this.#call('GET', `queues/${this.#vhost}`)) as { messages?: number }[];
    return queues.reduce((sum, { messages }) => sum + (messages ?? 0), 0);
  }

  /** Takes up to `count` messages out of a queue, for good. */
  async take(queue: string, count = 1_000): Promise<TakenMessage[]> {
    const got = (await this.#call('POST', `queues/${this.#vhost}/${encodeURIComponent(queue)}/get`, {
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

  async #call(method: string, path: string, body?: object): Promise<unknown> {
    const answer = await fetch(`${this.#origin}/api/${path}`, {
      method,
      headers: { authorization: this.#authorization, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(30_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} was answered with ${answer.status}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}
