import { giveWay, PeopleFirst, systemClock } from '@payfan/channel';
import type { Lane } from '@payfan/contracts';
import type { Database } from '@payfan/database';
import type { Api, KeyEncryption, Logger, Part } from '@payfan/service';
import type { Metric } from 'prom-client';
import { pushSubscriptionRoutes } from '../http/push-subscriptions.ts';
import type { EndpointRules } from './endpoint.ts';
import { HostBreakers } from './host-breakers.ts';
import { LaneSender } from './lane-sender.ts';
import { webPushMetrics } from './metrics.ts';
import { pushServiceClient } from './push-service-client.ts';
import { keptVapidKeys, type VapidKeys } from './vapid-keys.ts';

export interface WebPushSettings {
  rules: EndpointRules;
  /** Those that the database keeps, unless told. */
  keys?: VapidKeys | undefined;
  /** Encrypts those that the database keeps. */
  encryption?: KeyEncryption | undefined;
  /** `mailto:` or `https:`: where a push service reaches whoever runs this. */
  subject: string;
  /** People's messages under way at once. */
  concurrency: number;
  timeoutMs: number;
  /** Of one processor's time, in (0, 1]: what bulk may use of it. */
  bulkShare: number;
}

/** Messages to browsers that are not open: what follows from an account's feed. */
export interface WebPush {
  routes(api: Api): void;
  parts(around: { logger: Logger }): readonly Part[];
  metrics: readonly Metric[];
  /** Jobs of this lane have been written. */
  wake(lane: Lane): void;
}

/** Of bulk: as many as take their turn together. */
const BULK_CONCURRENCY = 10;

/** Wires Web Push; nothing runs before its part is started. */
export function createWebPush(database: Database, settings: WebPushSettings): WebPush {
  const { rules, subject, concurrency, timeoutMs, bulkShare } = settings;
  const metrics = webPushMetrics(database);
  const senders = new Map<Lane, LaneSender>();
  let keys: Promise<VapidKeys> | undefined;
  const readKeys = (): Promise<VapidKeys> => {
    if (settings.keys !== undefined) return Promise.resolve(settings.keys);
    // One that failed is not remembered.
    keys ??= keptVapidKeys(database, settings.encryption).catch((error: unknown) => {
      keys = undefined;
      throw error;
    });
    return keys;
  };

  const sending = (logger: Logger): Part => {
    let stop = () => Promise.resolve();
    return {
      name: 'web push',
      async start() {
        const sender = { keys: await readKeys(), subject };
        if (settings.keys === undefined && settings.encryption === undefined) {
          logger.warn(
            'KEY_ENCRYPTION_KEY is not set: the private VAPID key is in the database as plain text',
          );
        }
        const client = pushServiceClient({ sender, rules, connections: concurrency + BULK_CONCURRENCY });
        const breakers = new HostBreakers({ clock: systemClock, logger });
        const people = new PeopleFirst();
        const common = { database, client, breakers, metrics, logger, timeoutMs, random: Math.random };
        const stopping = new AbortController();
        const bulkInTurn = giveWay(
          { people, share: bulkShare, stopping: stopping.signal },
          (work: () => Promise<void>) => work(),
        );
        senders.set(
          'interactive',
          new LaneSender({
            ...common,
            lane: 'interactive',
            concurrency,
            inTurn: (work) => people.first(work),
          }),
        );
        senders.set(
          'bulk',
          new LaneSender({ ...common, lane: 'bulk', concurrency: BULK_CONCURRENCY, inTurn: bulkInTurn }),
        );
        if (rules.sandboxUrl !== undefined) {
          logger.warn(
            { url: rules.sandboxUrl },
            'browsers may subscribe at WEB_PUSH_SANDBOX_URL, a private address: leave it unset in production',
          );
        }
        for (const each of senders.values()) each.start();
        stop = async () => {
          stopping.abort();
          await Promise.all([...senders.values()].map((each) => each.stop()));
          client.stop();
        };
      },
      stop: () => stop(),
    };
  };

  return {
    routes: (api) =>
      pushSubscriptionRoutes(api, { database, rules, publicKey: async () => (await readKeys()).publicKey }),
    parts: ({ logger }) => [sending(logger)],
    metrics: metrics.all,
    wake: (lane) => senders.get(lane)?.wake(),
  };
}
