import { deadQueue, laneQueue, LANES, ROLES } from '@payfan/contracts';
import type { Broker, Incoming } from '@payfan/messaging';
import type { Part } from '@payfan/service';
import { ClaimsInHand } from './claims-in-hand.ts';
import { DeliveryEngine, IN_HAND_PER_SLOT, type EngineOptions } from './engine.ts';
import { giveWay, inSmallSteps, PeopleFirst } from './give-way.ts';
import { guard } from './guarded-provider.ts';

export interface ChannelOptions<Message> extends Omit<
  EngineOptions<Message>,
  'broker' | 'lane' | 'providers' | 'claimsInHand'
> {
  broker: Pick<Broker, 'publish' | 'consume'>;
  /** Of one processor's time, in (0, 1]: what bulk may use of it. */
  bulkShare: number;
  /** A clock that only goes forward, in milliseconds. */
  nowMs: () => number;
}

/** Nobody waits for one outcome of bulk: those of a batch are recorded together. */
const BULK_RECORD_LINGER_MS = 20;
/** What the broker gave up on is rare, and nobody waits for it. */
const DEAD_PREFETCH = 10;

/**
 * A channel at work: for each lane a consumer and providers of its own, and a consumer for what the
 * broker gave up on. Stopping finishes what is in hand.
 */
export function createChannel<Message>({ bulkShare, nowMs, ...options }: ChannelOptions<Message>): Part {
  const { definition, broker, logger, metrics, concurrency } = options;
  const { name } = definition;
  const claimsInHand = new ClaimsInHand();
  const people = new PeopleFirst();
  const stopping = new AbortController();
  const lanes = LANES.map((lane) => {
    const opened = definition.openProviders({ broker, logger, lane });
    const providers = opened.map((provider) =>
      guard(provider, {
        concurrency,
        nowMs,
        onRefusal(name, error) {
          metrics.providerRefusals.inc({ lane, provider: name });
          logger.error(
            { lane, provider: name, error },
            'provider refuses Payfan itself: check its credentials and the sender',
          );
        },
        onChange(name, state) {
          metrics.providersSkipped.set({ lane, provider: name }, state === 'skipped' ? 1 : 0);
          logger.warn(
            { lane, provider: name },
            state === 'skipped' ? 'provider is skipped: it keeps failing' : 'provider works again',
          );
        },
      }),
    );
    const engine = new DeliveryEngine({
      ...options,
      lane,
      providers,
      claimsInHand,
      ...(lane === 'bulk' && { handOver: inSmallSteps(people), recordLingerMs: BULK_RECORD_LINGER_MS }),
    });
    const consumer = broker.consume({
      queue: laneQueue(name, lane),
      prefetch: Math.ceil((IN_HAND_PER_SLOT * concurrency) / ROLES.length),
      handler:
        lane === 'bulk'
          ? giveWay({ people, share: bulkShare, stopping: stopping.signal }, (incoming: Incoming) =>
              engine.onMessage(incoming),
            )
          : (incoming) => people.first(() => engine.onMessage(incoming)),
    });
    return { opened, engine, consumer };
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
      stopping.abort();
      for (const { engine } of lanes) engine.stop();
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      await Promise.all(lanes.flatMap(({ opened }) => opened.map(async (provider) => provider.stop?.())));
    },
  };
}
