import { deadQueue, laneQueue, LANES } from '@payfan/contracts';
import type { Broker } from '@payfan/messaging';
import type { Part } from '@payfan/service';
import { DeliveryEngine, type EngineOptions } from './engine.ts';

export interface ChannelOptions<Message> extends Omit<
  EngineOptions<Message>,
  'broker' | 'lane' | 'provider'
> {
  broker: Pick<Broker, 'publish' | 'consume'>;
  /** Messages in hand at once, on each lane. */
  prefetch: number;
}

/** What the broker gave up on is rare, and nobody waits for it. */
const DEAD_PREFETCH = 10;

/**
 * A channel at work: for each lane a consumer and a provider of its own, and a consumer for what the
 * broker gave up on. Stopping finishes what is in hand.
 */
export function createChannel<Message>({ prefetch, ...options }: ChannelOptions<Message>): Part {
  const { definition, broker } = options;
  const { name } = definition;
  const lanes = LANES.map((lane) => {
    const provider = definition.openProvider();
    const engine = new DeliveryEngine({ ...options, lane, provider });
    const consumer = broker.consume({
      queue: laneQueue(name, lane),
      prefetch,
      handler: (incoming) => engine.onMessage(incoming),
    });
    return { provider, engine, consumer };
  });
  const dead = broker.consume({
    queue: deadQueue(name),
    prefetch: DEAD_PREFETCH,
    handler: async (incoming) => lanes.at(-1)?.engine.onDeadMessage(incoming),
  });
  const consumers = [...lanes.map(({ consumer }) => consumer), dead];
  return {
    name: `${name} channel`,
    async start() {
      await Promise.all(consumers.map((consumer) => consumer.start()));
    },
    async stop() {
      for (const { engine } of lanes) engine.stop();
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      await Promise.all(lanes.map(async ({ provider }) => provider.stop?.()));
    },
  };
}
