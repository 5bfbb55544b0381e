import { SHARDS, shardKey } from '@payfan/contracts';
import type { AsyncApi } from '@payfan/contracts/asyncapi';
import { openManagement, type FreshVhost } from '@payfan/stack/testing';

/** Queues of a test's own begin so, and are nobody's to document. */
export const OWN_QUEUE = 'test.';

/** Exchanges, queues and bindings, a line each, so that two of these can be compared. */
export type BrokerState = string[];

interface Named {
  name: string;
  durable: boolean;
  auto_delete: boolean;
}
interface HeldExchange extends Named {
  type: string;
}
interface HeldQueue extends Named {
  exclusive: boolean;
  arguments: Record<string, string | number>;
}
interface HeldBinding {
  source: string;
  destination: string;
  routing_key: string;
}

/** What a broker holds that does as the document says, and every gateway with it. */
export function documented({ channels }: AsyncApi): BrokerState {
  const lines = Object.values(channels).flatMap(({ bindings }) => {
    if (!('amqp' in bindings)) return [];
    const { amqp } = bindings;
    if (amqp.is === 'routingKey') {
      const { name, type, durable, autoDelete } = amqp.exchange;
      return [exchangeLine({ name, type, durable, auto_delete: autoDelete })];
    }
    const { name, durable, exclusive, autoDelete } = amqp.queue;
    return [
      queueLine({ name, durable, exclusive, auto_delete: autoDelete, arguments: amqp['x-arguments'] }),
      ...amqp['x-bindings'].map(({ exchange, routingKey }) =>
        bindingLine({ source: exchange, destination: name, routing_key: routingKey }),
      ),
    ];
  });
  return [...new Set(lines)].sort();
}

/** What a vhost holds, by the broker's own account. Queues that it named itself go without their names. */
export async function held({ managementUrl, vhost }: FreshVhost): Promise<BrokerState> {
  const management = openManagement(managementUrl);
  const list = (what: string) => management.get(`${what}/${encodeURIComponent(vhost)}`);
  const exchanges = (await list('exchanges')) as HeldExchange[];
  const queues = (await list('queues')) as HeldQueue[];
  const bindings = (await list('bindings')) as HeldBinding[];
  const lines = [
    ...exchanges.filter(({ name }) => name !== '' && !name.startsWith('amq.')).map(exchangeLine),
    ...queues
      .filter(({ name }) => !name.startsWith(OWN_QUEUE))
      .map((queue) => queueLine({ ...queue, name: ownName(queue.name) })),
    ...bindings
      .filter(({ source, destination }) => source !== '' && !destination.startsWith(OWN_QUEUE))
      .map((binding) =>
        bindingLine({
          ...binding,
          destination: ownName(binding.destination),
          routing_key: SHARD_KEYS.has(binding.routing_key) ? ANY_SHARD : binding.routing_key,
        }),
      ),
  ];
  return [...new Set(lines)].sort();
}

/** As the document has it. */
const ANY_SHARD = shardKey(0).replace('0', '{shard}');
const SHARD_KEYS = new Set(Array.from({ length: SHARDS }, (_, shard) => shardKey(shard)));

const ownName = (name: string): string => (name.startsWith('amq.gen') ? '' : name);

const exchangeLine = ({ name, type, ...rest }: HeldExchange): string =>
  `exchange ${name}: ${type}${traits(rest)}`;

const queueLine = ({ name, exclusive, arguments: args, ...rest }: HeldQueue): string =>
  `queue ${name}:${exclusive ? ' exclusive' : ''}${traits(rest)} ${JSON.stringify(argumentsOf(args))}`;

/** Without the type `classic`: it is the default, and RabbitMQ 4 lists it where the declaration names no type. */
const argumentsOf = (args: HeldQueue['arguments']) =>
  Object.entries(args)
    .filter(([name, value]) => name !== 'x-queue-type' || value !== 'classic')
    .sort();

const bindingLine = ({ source, destination, routing_key: key }: HeldBinding): string =>
  `binding of ${destination} to ${source} for ${key}`;

const traits = ({ durable, auto_delete: autoDelete }: Omit<Named, 'name'>): string =>
  `${durable ? ' durable' : ''}${autoDelete ? ' auto-delete' : ''}`;
