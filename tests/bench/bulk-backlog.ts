import { setTimeout as delay } from 'node:timers/promises';
import { laneQueue, transactionTopology, type Party, type TransferCompleted } from '@payfan/contracts';
import { openBroker, type Broker } from '@payfan/messaging';
import { openManagement, waitFor } from '@payfan/stack/testing';
import { benchAccountId, benchEmail, benchPhone } from './bench-accounts.ts';
import { benchTransfer, messageOf } from './bench-transfer.ts';
import { silentLog } from './silent-log.ts';
import type { Stage } from './stage.ts';
import { CHANNELS, type Channel } from './told.ts';

/** Publishes under way at once. */
const UNCONFIRMED = 2_000;
/** Quorum queues are counted every five seconds. */
const STATISTICS_MS = 6_000;
const STATISTICS_TIMEOUT_MS = 60_000;
/** Publishing takes some ten seconds. */
const FILL_TIMEOUT_MS = 120_000;

/**
 * What waits on the bulk lane of every channel: events of transfers that never were, so their deliveries are
 * those of no transfer.
 */
export class BulkBacklog {
  readonly #stage: Stage;
  readonly #broker: Broker;
  readonly #management: ReturnType<typeof openManagement>;

  private constructor(stage: Stage) {
    const { vhost } = stage.payfan;
    this.#stage = stage;
    this.#management = openManagement(vhost.managementUrl);
    this.#broker = openBroker({
      urls: [vhost.urlFor('transaction')],
      name: 'bench',
      log: silentLog,
      topology: transactionTopology(CHANNELS),
    });
  }

  static async open(stage: Stage): Promise<BulkBacklog> {
    const backlog = new BulkBacklog(stage);
    await backlog.#broker.start();
    await waitFor(() => backlog.#broker.ping(), { what: 'the broker', timeoutMs: 10_000 });
    return backlog;
  }

  close(): Promise<void> {
    return this.#broker.stop();
  }

  /** Fills up until at least so many messages wait on every channel; to be called with the channels stopped. */
  async fill(messages: number): Promise<void> {
    const began = performance.now();
    for (;;) {
      // A count that is too old makes it publish too little, hence again until there are enough.
      await delay(STATISTICS_MS);
      let missing = messages - Math.min(...Object.values(await this.depths()));
      if (missing <= 0) return;
      if (performance.now() - began > FILL_TIMEOUT_MS) {
        throw new Error(`${missing} of ${messages} messages are still missing on some channel`);
      }
      const publisher = async () => {
        while (missing > 0) {
          missing -= 1;
          await this.#publish(this.#someEvent());
        }
      };
      await Promise.all(Array.from({ length: UNCONFIRMED }, publisher));
    }
  }

  /** Throws away what waits. */
  async empty(): Promise<void> {
    for (const channel of CHANNELS) await this.#management.delete(`${this.#pathOf(channel)}/contents`);
    await this.#untilDepths((depth) => depth === 0, 'empty bulk queues');
  }

  /** Messages waiting or in hand, some seconds ago. */
  async depths(): Promise<Record<Channel, number>> {
    const depth = async (channel: Channel) => {
      const queue = (await this.#management.get(this.#pathOf(channel))) as { messages?: number };
      return queue.messages ?? 0;
    };
    return { push: await depth('push'), phone: await depth('phone'), email: await depth('email') };
  }

  async #untilDepths(isSo: (depth: number) => boolean, what: string): Promise<void> {
    await waitFor(async () => Object.values(await this.depths()).every(isSo), {
      what,
      timeoutMs: STATISTICS_TIMEOUT_MS,
      intervalMs: 1_000,
    });
  }

  #pathOf(channel: Channel): string {
    return `queues/${encodeURIComponent(this.#stage.payfan.vhost.vhost)}/${laneQueue(channel, 'bulk')}`;
  }

  #publish(event: TransferCompleted): Promise<void> {
    const message = messageOf(event);
    return this.#broker.publish({ ...message, body: Buffer.from(message.body) });
  }

  #someEvent(): TransferCompleted {
    const event = benchTransfer();
    const payer = 1 + Math.floor(Math.random() * this.#stage.accounts);
    const payee = 1 + (payer % this.#stage.accounts);
    return { ...event, lane: 'bulk', data: { ...event.data, payer: party(payer), payee: party(payee) } };
  }
}

function party(n: number): Party {
  return {
    accountId: benchAccountId(n),
    name: `Bench ${n}`,
    phone: benchPhone(n),
    email: benchEmail(n),
    language: 'en',
  };
}
