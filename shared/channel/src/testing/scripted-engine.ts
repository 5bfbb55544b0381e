import { randomUUID } from 'node:crypto';
import { ATTEMPT_HEADER, brokerUserName } from '@payfan/contracts';
import type { Queryable } from '@payfan/database';
import type { Incoming, Outgoing } from '@payfan/messaging';
import { createLogger, createMetrics } from '@payfan/service';
import { ClaimsInHand } from '../claims-in-hand.ts';
import { systemClock } from '../clock.ts';
import { DeliveryEngine } from '../engine.ts';
import { guard } from '../guarded-provider.ts';
import { channelMetrics } from '../metrics.ts';
import type { Provider, SendResult } from '../provider.ts';

const CONCURRENCY = 100;
/** An engine gives an alert up that is older. */
export const GIVE_UP_AFTER_MS = 24 * 3_600_000;

/** What comes of sending to a role. */
export type Script = (to: string, reference: string, signal: AbortSignal) => Promise<SendResult>;

interface Scripted {
  name: string;
  script: Script;
  lookup?: Provider<string>['lookup'];
}

/** An engine over a real database, providers that do as their scripts say, and what it published. */
export function scriptedEngine(
  database: Queryable,
  scripted: readonly Scripted[],
  overrides: { claimantId?: string; sendTimeoutMs?: number; isPaused?: boolean; wallClockMs?: number } = {},
) {
  const { wallClockMs = Date.now(), isPaused = false } = overrides;
  const clock = { ...systemClock, wallClockMs: () => wallClockMs };
  const sent: { by: string; to: string; reference: string }[] = [];
  const copies: Outgoing[] = [];
  const registry = createMetrics('phone');
  const providers = scripted.map(({ name, script, lookup }): Provider<string> => ({
    name,
    send(to, { reference, signal }) {
      sent.push({ by: name, to, reference });
      return script(to, reference, signal);
    },
    ...(lookup && { lookup }),
  }));
  const engine = new DeliveryEngine<string>({
    definition: {
      name: 'phone',
      address: ({ party }) => party.phone,
      compose: (_event, { role }) => ({ kind: 'message', message: role }),
      openProviders: () => providers,
    },
    concurrency: CONCURRENCY,
    providers: providers.map((provider) =>
      guard(provider, {
        concurrency: CONCURRENCY,
        clock,
        onChange: () => undefined,
        onRefusal: () => undefined,
      }),
    ),
    lane: 'interactive',
    database,
    broker: {
      publish: (message) => {
        copies.push(message);
        return Promise.resolve();
      },
    },
    logger: createLogger({ service: 'phone', level: 'silent' }),
    metrics: channelMetrics(registry),
    claimantId: overrides.claimantId ?? randomUUID(),
    claimsInHand: new ClaimsInHand(),
    sendTimeoutMs: overrides.sendTimeoutMs ?? 300,
    random: () => 0,
    clock,
    giveUpAfterMs: GIVE_UP_AFTER_MS,
    lanePause: { isPaused, pausedMsSince: () => (isPaused ? 60_000 : 0) },
  });
  return { engine, sent, copies, metrics: () => registry.metrics() };
}

/** A message as it comes out of the interactive queue, after so many attempts. */
export function incoming(event: object, attempts?: unknown): Incoming {
  return {
    queue: 'phone.interactive',
    exchange: 'payments',
    routingKey: 'transfer.completed.interactive',
    messageId: randomUUID(),
    headers: attempts === undefined ? {} : { [ATTEMPT_HEADER]: attempts },
    userId: brokerUserName('phone'),
    redelivered: false,
    body: Buffer.from(JSON.stringify(event)),
  };
}
