import {
  ATTEMPT_HEADER,
  CLOUDEVENTS_JSON,
  delayExchange,
  retryExchange,
  RETRY_STEPS,
  parsePaymentEvent,
  retryRoutingKey,
  type Lane,
  type ParsedEvent,
  type PaymentEvent,
} from '@payfan/contracts';
import { gather, type Queryable } from '@payfan/database';
import { backoffMs, pause, type Broker, type Incoming } from '@payfan/messaging';
import { traceIdOf, type Logger } from '@payfan/service';
import { attempt, type Attempted } from './attempt.ts';
import { storeUnreadable, type UnreadableMessage } from './dead-letter-store.ts';
import type { Clock } from './clock.ts';
import type { ClaimsInHand } from './claims-in-hand.ts';
import {
  claimDeliveries,
  freeClaimsOfTheGone,
  recordOutcomes,
  undoClaims,
  type Claim,
  type NewDelivery,
  type Outcome,
  type Recorded,
} from './delivery-store.ts';
import type { HandOver } from './give-way.ts';
import type { GuardedProvider } from './guarded-provider.ts';
import { earlierAttempts, firstRoutingKey, ownHeaders } from './headers.ts';
import type { Handled, LanePause } from './lane-pause.ts';
import type { ChannelMetrics } from './metrics.ts';
import { decide, type Decision, type Retry } from './policy.ts';
import { outcomeOf } from './outcome.ts';
import type { ChannelDefinition } from './provider.ts';
import { alertReference, recipientsOf, type Recipient } from './recipient.ts';
import { toldOf } from './told-of.ts';
import { distrustOf } from './trusted-publisher.ts';

export interface EngineOptions<Message> {
  definition: ChannelDefinition<Message>;
  lane: Lane;
  /** In the order of preference. */
  providers: readonly GuardedProvider<Message>[];
  database: Queryable;
  broker: Pick<Broker, 'publish'>;
  logger: Logger;
  metrics: ChannelMetrics;
  /** Unique for each process, and that of its `Presence`: the holder of its claims. */
  claimantId: string;
  /** One for all lanes of the process. */
  claimsInHand: ClaimsInHand;
  /** An attempt without an answer by then counts as unknown. */
  sendTimeoutMs: number;
  /** Alerts that each provider is sent at once, on each lane; its guard sees to that, batches are cut by it. */
  concurrency: number;
  random: () => number;
  clock: Pick<Clock, 'wallClockMs'>;
  /** Time since the commit after which an alert that still fails becomes a dead letter. */
  giveUpAfterMs: number;
  lanePause: Pick<LanePause, 'isPaused' | 'pausedMsSince'>;
  /** When an alert is handed to a provider; at once unless told. */
  handOver?: HandOver;
  /** How long an outcome waits for others to be recorded with it; not at all unless told. */
  recordLingerMs?: number;
}

/**
 * Deliveries in hand for each that its provider has: while those are sent, as many are being claimed, as many recorded,
 * and as many on their way from the broker, which sends the next once it has heard of those that are done. More would
 * only wait, and could not be had by another process.
 */
export const IN_HAND_PER_SLOT = 4;
/** Deliveries in one statement. */
const BATCH = 200;
/**
 * With so many a statement waits for no more: a full channel hardly ever rests. With 100 it did 0.93 times as much, and
 * 1.03 times with no rests at all.
 */
const ENOUGH = 50;
/** Batches under way at once: one is being written while the next is being sent. */
const BATCHES = 2;
/**
 * Where alerts come one close upon the other, their batches are at least so far apart: at 300 transfers a second each
 * took 6.2 ms of the processors, and 6.6 without it, since every statement wakes this process, PostgreSQL and the
 * broker.
 */
const APART_MS = 20;
/** A claim outlives its attempt by this, so that the outcome can be recorded. */
const CLAIM_MARGIN_SECONDS = 5;
const RECORD_AGAIN = { firstMs: 100, longestMs: 2_000 };

/** Somebody else has a live claim on this delivery; the message is to be looked at again. */
export class DeliveryBusy extends Error {
  constructor(reference: string) {
    super(`delivery ${reference} is being attempted by somebody else`);
    this.name = 'DeliveryBusy';
  }
}

type OwnClaim = Claim & { kind: 'ours' };
type WantedDelivery = NewDelivery & { reference: string; redelivered: boolean };

/** What a decision leaves to be attempted again. */
type Unsettled = Extract<Decision, { kind: 'retry' | 'held' }>;

/** A message and the event in it. */
interface Received {
  event: PaymentEvent;
  incoming: Incoming;
}

/**
 * One lane's work: makes one alert for each person out of each message, however often the message comes.
 * Claim, compose, send, record; then the message may be acknowledged.
 */
export class DeliveryEngine<Message> {
  readonly #options: EngineOptions<Message>;
  readonly #claim: (wanted: WantedDelivery) => Promise<Claim>;
  readonly #record: (outcome: Outcome) => Promise<Recorded>;
  readonly #stopping = new AbortController();
  #newestTakenMs = -Infinity;

  constructor(options: EngineOptions<Message>) {
    this.#options = options;
    const { database, claimantId, claimsInHand, sendTimeoutMs, providers, recordLingerMs = 0 } = options;
    const batches = {
      maxItems: BATCH,
      concurrency: BATCHES,
      apartMs: APART_MS,
      enough: Math.min(ENOUGH, options.concurrency),
    };
    // Each provider may be asked first, and then sent to; and whoever is before us may take as long.
    const longestMs = IN_HAND_PER_SLOT * 2 * providers.length * sendTimeoutMs;
    const claimant = { id: claimantId, seconds: longestMs / 1_000 + CLAIM_MARGIN_SECONDS };
    this.#claim = gather({
      ...batches,
      async work(wanted: WantedDelivery[]) {
        const again = wanted.filter(({ redelivered }) => redelivered);
        if (again.length > 0) await freeClaimsOfTheGone(database, again);
        const unheard = wanted.filter(({ reference }) => claimsInHand.isUnheardOf(reference));
        if (unheard.length > 0) await undoClaims(database, claimantId, unheard);
        return claimDeliveries(database, claimant, wanted);
      },
    });
    this.#record = gather({
      ...batches,
      lingerMs: recordLingerMs,
      work: (outcomes: Outcome[]) => recordOutcomes(database, claimantId, outcomes),
    });
  }

  /** From now on an outcome that cannot be recorded is left to whoever gets the message next. */
  stop(): void {
    this.#stopping.abort();
  }

  /**
   * Handles a message of a lane's queue. `done`: it may be acknowledged. `held`: every provider fails, and it is to be
   * handled again when one works. A throw keeps it in hand, too.
   */
  async onMessage(incoming: Incoming): Promise<Handled> {
    const parsed = parsePaymentEvent(incoming.body);
    const { lane } = this.#options;
    if (await this.#keepIfUntrusted(incoming, parsed, lane)) return 'done';
    if (!parsed.ok) {
      await this.#keepUnreadable(incoming, { reason: 'unreadable', error: parsed.reason, lane });
      return 'done';
    }
    const received = { event: parsed.event, incoming };
    this.#noteTaken(Date.parse(parsed.event.time));
    // One for all its recipients: they share the message that comes back.
    const dice = this.#options.random();
    const unsettled = await this.#forEachRecipient(received, (recipient, claim) =>
      this.#deliver(received, recipient, claim, dice),
    );
    const retries = unsettled.filter((decision) => decision.kind === 'retry');
    const longest = retries.sort((a, b) => b.waitMs - a.waitMs)[0];
    if (longest === undefined) return unsettled.length > 0 ? 'held' : 'done';
    // The copy comes for those recipients too for whom the message would be held.
    await this.#tryAgainLater(received, longest);
    return 'done';
  }

  /** One that comes again is older than its place in the queue. */
  #noteTaken(committedMs: number): void {
    if (committedMs <= this.#newestTakenMs) return;
    this.#newestTakenMs = committedMs;
    const { metrics, lane } = this.#options;
    metrics.newestTaken.set({ lane }, committedMs / 1_000);
  }

  /** Handles what the broker gave up on: its deliveries are dead, unless they were made after all. */
  async onDeadMessage(incoming: Incoming): Promise<void> {
    const error = 'the broker gave up: consumers died with this message in hand, again and again';
    const parsed = parsePaymentEvent(incoming.body);
    if (await this.#keepIfUntrusted(incoming, parsed, null)) return;
    if (!parsed.ok) {
      await this.#keepUnreadable(incoming, { reason: 'delivery_limit', error, lane: null });
      return;
    }
    const received = { event: parsed.event, incoming };
    await this.#forEachRecipient(received, async (recipient, claim) => {
      const decision = { kind: 'dead', reason: 'delivery_limit', error } as const;
      await this.#settle(received, recipient, decision, asBefore(claim));
      return undefined;
    });
  }

  /**
   * Claims the delivery to each recipient and works on those that are ours, side by side. Answers what is to be
   * attempted again. A delivery that is busy elsewhere makes it throw, unless the message comes back
   * anyway.
   */
  async #forEachRecipient(
    received: Received,
    work: (recipient: Recipient, claim: OwnClaim) => Promise<Unsettled | undefined>,
  ): Promise<Unsettled[]> {
    const settled = await Promise.allSettled(
      recipientsOf(received.event).map((recipient) => this.#withClaim(received, recipient, work)),
    );
    const unsettled = settled.flatMap((outcome) =>
      outcome.status === 'fulfilled' && outcome.value !== undefined ? [outcome.value] : [],
    );
    const failure = settled.find((outcome) => outcome.status === 'rejected');
    if (failure !== undefined && !unsettled.some(({ kind }) => kind === 'retry')) throw failure.reason;
    return unsettled;
  }

  /** Asks for a delivery and works on it if it is ours; it is noted as in hand until that is done. */
  async #withClaim(
    received: Received,
    recipient: Recipient,
    work: (recipient: Recipient, claim: OwnClaim) => Promise<Unsettled | undefined>,
  ): Promise<Unsettled | undefined> {
    const { claimsInHand } = this.#options;
    const reference = alertReference(received.event.id, recipient.role);
    if (!claimsInHand.begin(reference)) throw new DeliveryBusy(reference);
    try {
      const claim = await this.#claim(this.#wanted(reference, received, recipient)).catch(
        (error: unknown) => {
          claimsInHand.failed(reference);
          throw error;
        },
      );
      if (claim.kind !== 'busy') claimsInHand.answered(reference);
      if (claim.kind === 'done') return undefined;
      if (claim.kind === 'busy') throw new DeliveryBusy(reference);
      return await work(recipient, claim);
    } finally {
      claimsInHand.end(reference);
    }
  }

  #wanted(reference: string, { event, incoming }: Received, recipient: Recipient): WantedDelivery {
    const { transferId, payoutId, untoldPayerId, committedAt } = toldOf(event);
    const { definition, lanePause } = this.#options;
    return {
      eventId: event.id,
      role: recipient.role,
      transferId,
      payoutId,
      untoldPayerId,
      committedAt,
      accountId: recipient.party.accountId,
      recipient: definition.address(recipient),
      pausedSeconds: Math.round(lanePause.pausedMsSince(Date.parse(event.time)) / 1_000),
      reference,
      redelivered: incoming.redelivered,
    };
  }

  /** One attempt at one delivery that is ours; answers what is decided if there is to be another. */
  async #deliver(
    received: Received,
    recipient: Recipient,
    claim: OwnClaim,
    dice: number,
  ): Promise<Unsettled | undefined> {
    const { definition, metrics, lane, handOver = atOnce } = this.#options;
    const { event, incoming } = received;
    const attempted = await handOver(async () => {
      const composed = definition.compose(event, recipient);
      return composed.kind === 'impossible'
        ? composed
        : this.#attempt(composed.message, event, recipient, claim);
    });
    if ('reason' in attempted) {
      const decision = { kind: 'dead', reason: 'rejected', error: attempted.reason } as const;
      await this.#settle(received, recipient, decision, asBefore(claim));
      return undefined;
    }
    if (attempted.resent) metrics.resent.inc({ lane });
    const { clock, lanePause, giveUpAfterMs } = this.#options;
    const decision = decide(attempted.result, {
      earlierAttempts: earlierAttempts(incoming.headers),
      uncertain: attempted.uncertain,
      isPaused: lanePause.isPaused,
      ageMs: clock.wallClockMs() - Date.parse(event.time),
      giveUpAfterMs,
      dice,
    });
    await this.#settle(received, recipient, decision, attempted);
    return decision.kind === 'retry' || decision.kind === 'held' ? decision : undefined;
  }

  #attempt(message: Message, event: PaymentEvent, { role }: Recipient, claim: OwnClaim): Promise<Attempted> {
    const { providers, sendTimeoutMs } = this.#options;
    return attempt(providers, message, {
      reference: alertReference(event.id, role),
      uncertain: claim.uncertain,
      lastProvider: claim.lastProvider,
      leftBehind: claim.leftBehind,
      timeoutMs: sendTimeoutMs,
    });
  }

  async #settle(
    { event, incoming }: Received,
    { role }: Recipient,
    decision: Decision,
    { provider, uncertain }: Pick<Attempted, 'provider' | 'uncertain'>,
  ): Promise<void> {
    const { logger, metrics } = this.#options;
    // The event's own: what the broker gave up on comes to one engine from every lane.
    const { lane } = event;
    const trace = traceOf(event);
    const recorded = await this.#recordUntilDone(
      outcomeOf(decision, { event, incoming, role, lane, provider, uncertain }),
      trace,
    );
    const { transferId, payoutId } = toldOf(event);
    const latencyMs = recorded?.latencyMs ?? undefined;
    // Each named: objects that are spread into others were a sixth of what a channel left to be collected.
    const about = {
      correlationId: trace.correlationId,
      traceId: trace.traceId,
      eventId: event.id,
      transferId,
      payoutId,
      role,
      lane,
      provider,
      latencyMs,
    };
    if (recorded === null) {
      logger.warn(
        { ...about, outcome: decision.kind },
        'outcome not recorded: another process took the claim over',
      );
      return;
    }
    metrics.deliveries.inc({ lane, outcome: decision.kind });
    if (decision.kind === 'sent') {
      if (latencyMs !== undefined) metrics.latency.observe({ lane }, latencyMs / 1_000);
      logger.info(about, 'alert sent');
    } else if (decision.kind === 'retry') {
      logger.warn(
        { ...about, error: decision.error, step: decision.step.name },
        'alert not sent, trying again later',
      );
    } else if (decision.kind === 'held') {
      logger.warn(
        { ...about, error: decision.error },
        'alert not sent, held until a provider works: every provider fails',
      );
    } else {
      metrics.deadLetters.inc({ reason: decision.reason });
      logger.error(
        { ...about, error: decision.error, reason: decision.reason },
        'alert given up: see the dead letters',
      );
    }
  }

  /**
   * What happened at the provider is known here only, so it is worth waiting for the database to come back.
   * Until then the message stays in hand.
   */
  async #recordUntilDone(outcome: Outcome, trace: Trace): Promise<Recorded> {
    const { logger } = this.#options;
    for (let failures = 1; ; failures += 1) {
      try {
        return await this.#record(outcome);
      } catch (error) {
        if (this.#stopping.signal.aborted) throw error;
        logger.warn(
          { ...trace, eventId: outcome.eventId, role: outcome.role, err: error },
          'outcome not recorded yet',
        );
        await pause(backoffMs(failures, RECORD_AGAIN, this.#options.random), this.#stopping.signal);
      }
    }
  }

  /** Publishes a copy to a delay queue. Confirmed before we return, hence before the original is acknowledged. */
  async #tryAgainLater({ event, incoming }: Received, retry: Retry): Promise<void> {
    const { definition, lane, broker } = this.#options;
    await broker.publish({
      exchange: delayExchange(definition.name),
      routingKey: retryRoutingKey(retry.step, lane),
      messageId: event.id,
      contentType: CLOUDEVENTS_JSON,
      headers: { ...ownHeaders(incoming.headers), [ATTEMPT_HEADER]: earlierAttempts(incoming.headers) + 1 },
      expiresAfterMs: retry.waitMs,
      body: incoming.body,
    });
  }

  /**
   * Puts a copy of a message that was not attempted at the end of its lane. The broker counts returns of a message to
   * its queue and gives up on it after too many; the copy begins at none.
   */
  async moveToEnd({ messageId, headers, body }: Incoming): Promise<void> {
    const { definition, lane, broker } = this.#options;
    const attempts = earlierAttempts(headers);
    await broker.publish({
      // Past the delays: this exchange leads straight to the lane.
      exchange: retryExchange(definition.name),
      routingKey: retryRoutingKey(RETRY_STEPS[0], lane),
      messageId: messageId ?? '',
      contentType: CLOUDEVENTS_JSON,
      headers: { ...ownHeaders(headers), ...(attempts > 0 && { [ATTEMPT_HEADER]: attempts }) },
      body,
    });
  }

  /** Keeps an untrusted message as a dead letter, so that no alert is sent for it. Returns whether it did. */
  async #keepIfUntrusted(incoming: Incoming, parsed: ParsedEvent, lane: Lane | null): Promise<boolean> {
    const error = distrustOf(this.#options.definition.name, incoming, parsed);
    if (error === undefined) return false;
    await this.#keepUnreadable(incoming, { reason: 'untrusted_publisher', error, lane });
    return true;
  }

  async #keepUnreadable(
    incoming: Incoming,
    why: Pick<UnreadableMessage, 'reason' | 'error' | 'lane'>,
  ): Promise<void> {
    const { database, logger, metrics } = this.#options;
    const { headers, body, messageId, queue } = incoming;
    await storeUnreadable(database, { ...why, routingKey: firstRoutingKey(incoming), headers, body });
    metrics.deadLetters.inc({ reason: why.reason });
    logger.error({ messageId, queue, ...why }, 'message not handled: see the dead letters');
  }
}

/** What ties the lines of one request together, over all services. */
type Trace = ReturnType<typeof traceOf>;

/**
 * Handed to each line instead of kept in the context of the work: on Node 20 a context costs every promise of
 * the process a hook, which is a tenth of a channel's time.
 */
const traceOf = ({ correlationid, traceparent }: PaymentEvent) => ({
  correlationId: correlationid,
  traceId: traceIdOf(traceparent),
});

const atOnce: HandOver = (work) => work();

/** No attempt was made: whatever was in doubt about the delivery still is. */
function asBefore({
  lastProvider: provider,
  uncertain,
}: OwnClaim): Pick<Attempted, 'provider' | 'uncertain'> {
  return { provider, uncertain };
}
