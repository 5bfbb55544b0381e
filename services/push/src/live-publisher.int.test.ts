import {
  accountTopic,
  channelTopology,
  CLOUDEVENTS_JSON,
  LIVE_EXCHANGE,
  liveTopology,
  mergeTopologies,
  paymentRoutingKey,
  PAYMENTS_EXCHANGE,
  shardKey,
  shardOf,
  type Topology,
  type TransferCompleted,
} from '@payfan/contracts';
import { channelMetrics, createChannel, systemClock } from '@payfan/channel';
import { someTransfer } from '@payfan/channel/contract';
import { openDatabase, type Database } from '@payfan/database';
import { openBroker, type Broker, type Published } from '@payfan/messaging';
import { createLogger, createMetrics, newId } from '@payfan/service';
import {
  freshDatabase,
  freshBroker,
  waitFor,
  type FreshDatabase,
  type FreshBroker,
  startTcpProxy,
  type TcpProxy,
} from '@payfan/stack/testing';
import type { FeedEntry } from './feed-item.ts';
import { appendToFeeds } from './feed-store.ts';
import { readFeeds } from './feed-log-store.ts';
import { liveEventOf } from './live-event.ts';
import { countLivePublishes, LivePublisher } from './live-publisher.ts';
import { pushChannel } from './push-channel.ts';
import { someItem } from './testing/some-item.ts';

const logger = createLogger({ service: 'push', level: 'silent' });
const topology = mergeTopologies([channelTopology('push'), liveTopology]);
const NOTHING: Topology = { exchanges: [], queues: [], bindings: [] };
let fresh: FreshDatabase;
let vhost: FreshBroker;
let database: Database;
/** Between push and the broker. */
let wire: TcpProxy;
let stops: (() => Promise<void>)[];

beforeEach(async () => {
  [fresh, vhost] = await Promise.all([freshDatabase(), freshBroker({ channels: ['push'] })]);
  database = openDatabase({ url: fresh.urlFor('push'), name: 'push' });
  wire = await startTcpProxy(vhost.urlFor('push'));
  stops = [];
});
afterEach(async () => {
  await wire.forward();
  for (const stop of stops.reverse()) await stop();
  await wire.stop();
  await database.stop();
  await Promise.all([fresh.drop(), vhost.remove()]);
});

const until = (what: string, condition: () => boolean) =>
  waitFor(() => Promise.resolve(condition()), { what });

/** Push, on the other end of the wire, or another service, which declares nothing. */
async function connected(service = 'push'): Promise<Broker> {
  const isPush = service === 'push';
  const url = vhost.urlFor(service);
  const broker = openBroker({
    urls: [isPush ? wire.through(url) : url],
    name: 'test',
    log: logger,
    topology: isPush ? topology : NOTHING,
  });
  stops.push(() => broker.stop());
  await broker.start();
  await waitFor(() => broker.ping(), { what: 'connecting' });
  return broker;
}

/** A gateway's queue, bound to the shards of these accounts. */
async function listen(...accountIds: string[]): Promise<Published[]> {
  const heard: Published[] = [];
  const subscription = (await connected('gateway')).subscribe({
    exchange: LIVE_EXCHANGE,
    onMessage: (message) => heard.push(message),
    onRestored: () => undefined,
  });
  stops.push(() => subscription.stop());
  await subscription.start();
  await Promise.all(accountIds.map((id) => subscription.bind(shardKey(shardOf(accountTopic(id))))));
  return heard;
}

/** The push channel at work, on the other end of the wire. */
async function startChannel() {
  const definition = pushChannel(database);
  const registry = createMetrics('push');
  for (const metric of definition.metrics ?? []) registry.registerMetric(metric);
  const channel = createChannel({
    definition,
    database,
    broker: await connected(),
    logger,
    metrics: channelMetrics(registry),
    claimantId: newId(),
    concurrency: 20,
    bulkShare: 1,
    sendTimeoutMs: 10_000,
    random: Math.random,
    clock: systemClock,
    giveUpAfterMs: 24 * 3_600_000,
  });
  stops.push(() => channel.stop());
  await channel.start();
  return registry;
}

const publish = async (event: TransferCompleted) =>
  (await connected('transaction')).publish({
    exchange: PAYMENTS_EXCHANGE,
    routingKey: paymentRoutingKey(event),
    messageId: event.id,
    contentType: CLOUDEVENTS_JSON,
    body: Buffer.from(JSON.stringify(event)),
  });

const sent = async ({ id }: TransferCompleted) =>
  (
    await database.query<{ status: string }>({
      text: 'select status from deliveries where event_id = $1',
      values: [id],
    })
  ).filter(({ status }) => status === 'sent').length;

const bodyOf = ({ body }: Published): unknown => JSON.parse(body.toString());

test('a transfer is published on the topics of payer and payee, as it stands in their feeds', async () => {
  const event = someTransfer();
  const { payer, payee } = event.data;
  const heard = await listen(payer.accountId, payee.accountId);
  await startChannel();
  await publish(event);
  await until('both', () => heard.length === 2);
  for (const { accountId } of [payer, payee]) {
    const topic = accountTopic(accountId);
    const message = heard.find(({ headers }) => headers['payfan-topic'] === topic);
    expect(message).toMatchObject({
      routingKey: shardKey(shardOf(topic)),
      headers: { 'payfan-topic': topic, 'payfan-seq': 1 },
    });
    const [feed] = await readFeeds(database, [{ accountId, after: 0 }], 10);
    expect(message && bodyOf(message)).toEqual(feed?.events[0]);
  }
});

test('an entry that was in the feed already is published again: its writer may have died before it published it', async () => {
  const event = someTransfer();
  const { accountId } = event.data.payer;
  const heard = await listen(accountId);
  const definition = pushChannel(database);
  const composed = definition.compose(event, { role: 'payer', party: event.data.payer });
  if (composed.kind !== 'message') throw new Error('no message');
  await appendToFeeds(database, [composed.message]);
  await startChannel();
  await publish(event);
  await until('the payer’s', () => heard.some(({ headers }) => headers['payfan-seq'] === 1));
  const [feed] = await readFeeds(database, [{ accountId, after: 0 }], 10);
  expect(feed?.events).toHaveLength(1);
  expect(heard.map(bodyOf)).toContainEqual(feed?.events[0]);
});

test('a delivery is recorded as sent although the broker went away before it was published live', async () => {
  const event = someTransfer();
  const { payer, payee } = event.data;
  const registry = await startChannel();
  const admin = openDatabase({ url: fresh.adminUrl, name: 'admin', max: 2 });
  stops.push(() => admin.stop());
  await admin.transaction(async (tx) => {
    // The feeds wait for this lock while the broker goes.
    await tx.query({ text: 'lock table push.feed_events in access exclusive mode' });
    await publish(event);
    await waitFor(
      async () => {
        const waiting = await admin.query({
          text: `select from pg_locks where not granted and relation = 'push.feed_events'::regclass`,
        });
        return waiting.length > 0;
      },
      { what: 'the feed being written' },
    );
    await wire.refuse();
  });
  await waitFor(async () => (await sent(event)) === 2, { what: 'both being recorded' });
  expect(await registry.getSingleMetricAsString('live_publishes_total')).toMatch(/outcome="failed".* 2$/m);
  await wire.forward();
  for (const { accountId } of [payer, payee]) {
    expect(await readFeeds(database, [{ accountId, after: 0 }], 10)).toMatchObject([{ lastSeq: 1 }]);
  }
});

describe('while the broker does not confirm', () => {
  const entry = (): FeedEntry => ({ ...someItem(), seq: 1, createdAt: new Date() });

  test('no more than a window is sent, and the rest is counted; afterwards it goes on', async () => {
    const published = countLivePublishes();
    const count = async (outcome: string) =>
      (await published.get()).values.find(({ labels }) => labels.outcome === outcome)?.value ?? 0;
    const broker = await connected();
    const live = new LivePublisher({ broker, logger, published, window: 3 });
    const [told, last] = [entry(), entry()];
    const heard = await listen(told.accountId, last.accountId);
    wire.holdAnswers();
    for (const one of [told, entry(), entry(), entry(), entry()]) live.tell(one);
    expect(await count('skipped')).toBe(2);
    expect(broker.unconfirmed).toBe(3);
    await wire.forward();
    await waitFor(async () => (await count('confirmed')) === 3, { what: 'the confirms' });
    live.tell(last);
    await until('the last', () =>
      heard.some(({ headers }) => headers['payfan-topic'] === accountTopic(last.accountId)),
    );
    expect(heard.map(bodyOf)).toContainEqual(liveEventOf(told.accountId, told));
    expect(await count('failed')).toBe(0);
  });
});
