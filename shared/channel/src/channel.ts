import { deadQueue, DELIVERY_LIMIT, laneQueue, LANES, ROLES } from '@payfan/contracts';
import { ReturnToQueue, type Broker, type Incoming } from '@payfan/messaging';
import type { Part } from '@payfan/service';
import type { Clock } from './clock.ts';
import { ClaimsInHand } from './claims-in-hand.ts';
import { DeliveryEngine, IN_HAND_PER_SLOT, type EngineOptions } from './engine.ts';
import { giveWay, inSmallSteps, PeopleFirst } from './give-way.ts';
import { guard, type GuardedProvider } from './guarded-provider.ts';
import { LanePause } from './lane-pause.ts';

export interface ChannelOptions<Message> extends Omit<
  EngineOptions<Message>,
  'broker' | 'lane' | 'providers' | 'claimsInHand' | 'lanePause' | 'clock'
> {
  broker: Pick<Broker, 'publish' | 'consume'>;
  /** Of one processor's time, in (0, 1]: what bulk may use of it. */
  bulkShare: number;
  clock: Clock;
}

/** Nobody waits for one outcome of bulk: those of a batch are recorded together. */
const BULK_RECORD_LINGER_MS = 20;
/** What the broker gave up on is rare, and nobody waits for it. */
const DEAD_PREFETCH = 10;

/**
 * How often a message goes back to its queue because it was held too long. The broker counts that towards the delivery
 * limit, of which some must be left for consumers that die.
 */
const MOST_RETURNS = Math.floor(DELIVERY_LIMIT / 2);

/**
 * A channel at work: for each lane a consumer and providers of its own, and a consumer for what the
 * broker gave up on. Stopping finishes what is in hand.
 */
export function createChannel<Message>({ bulkShare, ...options }: ChannelOptions<Message>): Part {
  const { definition, broker, logger, metrics, concurrency, clock, giveUpAfterMs } = options;
  const { name } = definition;
  const claimsInHand = new ClaimsInHand();
  const people = new PeopleFirst();
  const stopping = new AbortController();
  const lanes = LANES.map((lane) => {
    const opened = definition.openProviders({ broker, logger, lane });
    // `increase()` in an alert rule sees the first refusal only if the series has been there before it.
    for (const provider of opened) metrics.providerRefusals.inc({ lane, provider: provider.name }, 0);
    const providers: GuardedProvider<Message>[] = opened.map((provider) =>
      guard(provider, {
        concurrency,
        clock,
        onRefusal(name, error, isCertain) {
          metrics.providerRefusals.inc({ lane, provider: name });
          logger.error(
            { lane, provider: name, error },
            isCertain
              ? 'provider refuses Payfan itself: check its credentials and the sender'
              : 'provider refuses a message by its policy: check whether it blocks the sender or our address',
          );
        },
        onChange(name, state) {
          metrics.providersSkipped.set({ lane, provider: name }, state === 'skipped' ? 1 : 0);
          logger.warn(
            { lane, provider: name },
            state === 'skipped' ? 'provider is skipped: it keeps failing' : 'provider works again',
          );
          lanePause.update();
        },
      }),
    );
    const lanePause = new LanePause({
      providers,
      clock,
      giveUpAfterMs,
      onChange(isPaused) {
        if (isPaused) metrics.lanesPausedSince.set(lane, clock.wallClockMs());
        else metrics.lanesPausedSince.delete(lane);
        logger.warn(
          { lane },
          isPaused
            ? 'lane paused: every provider fails, so messages wait until one works'
            : 'lane goes on: a provider works again',
        );
      },
    });
    const engine = new DeliveryEngine({
      ...options,
      lane,
      providers,
      claimsInHand,
      lanePause,
      ...(lane === 'bulk' && { handOver: inSmallSteps(people), recordLingerMs: BULK_RECORD_LINGER_MS }),
    });
    const handle =
      lane === 'bulk'
        ? giveWay({ people, share: bulkShare, stopping: stopping.signal }, (incoming: Incoming) =>
            engine.onMessage(incoming),
          )
        : (incoming: Incoming) => people.first(() => engine.onMessage(incoming));
    const consumer = broker.consume({
      queue: laneQueue(name, lane),
      prefetch: Math.ceil((IN_HAND_PER_SLOT * concurrency) / ROLES.length),
      // Outside of `handle`, so that a paused lane has nothing in hand for which the other lane would wait.
      async handler(incoming, consumerStops) {
        if ((await lanePause.run(() => handle(incoming), consumerStops)) === 'done') return;
        if (consumerStops.aborted || timesReturned(incoming) < MOST_RETURNS) throw new ReturnToQueue();
        await engine.moveToEnd(incoming);
      },
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

/** As the broker counts it; 0 for a message that comes for the first time. */
function timesReturned({ headers }: Incoming): number {
  return Number(headers['x-delivery-count'] ?? 0);
}
