import { ROUTE_GRANTS, type QueueList } from '@payfan/contracts';
import { openBroker, type Broker } from '@payfan/messaging';
import { BrokerAdmin } from '@payfan/messaging/testing';
import type { Principal } from '@payfan/service';
import { freshBroker, waitFor, type FreshBroker } from '@payfan/stack/testing';
import { queueRoutes } from './queues.ts';
import { Bench, json, NOBODY, silent } from './testing.ts';

const bench = new Bench();
let vhost: FreshBroker;

beforeAll(async () => {
  vhost = await freshBroker({ channels: ['push', 'email'] });
});
afterAll(() => vhost.remove());
afterEach(() => bench.close());

/** The broker as a service meets it that declares nothing. */
async function connected(service: string): Promise<Broker> {
  const topology = { exchanges: [], queues: [], bindings: [] };
  const broker = openBroker({ urls: [vhost.urlFor(service)], name: 'test', log: silent, topology });
  await broker.start();
  await waitFor(() => broker.ping(), { what: 'the broker' });
  return broker;
}

type Answer = QueueList & { code?: string; detail?: string };

const METRICS =
  'outbox_waiting{service="transaction"} 4\noutbox_oldest_age_seconds{service="transaction"} 1.5\n';
const takenBefore = (seconds: number) =>
  `lane_newest_taken_timestamp_seconds{lane="interactive",service="email"} ${Date.now() / 1_000 - seconds}\n` +
  'lane_paused_seconds{lane="interactive",service="email"} 12.5\nlane_paused_seconds{lane="bulk",service="email"} 0\n';

async function ask({
  management = {},
  transactionUrl,
  channels = ['push', 'email'],
  emailUrl = NOBODY,
  metricsToken,
  principal = { kind: 'operator', name: 'operator' },
}: {
  management?: { url?: string; vhost?: string };
  transactionUrl?: string;
  channels?: string[];
  emailUrl?: string;
  metricsToken?: string;
  principal?: Principal;
} = {}) {
  const metrics = await bench.standIn((_request, response) => response.end(METRICS));
  return bench.operations<Answer>(
    (api) =>
      queueRoutes(api, {
        management: { url: vhost.managementUrlFor('operations'), vhost: vhost.vhost, ...management },
        transactionUrl: transactionUrl ?? metrics,
        channels: new Map(channels.map((name) => [name, name === 'email' ? emailUrl : NOBODY])),
        metricsToken,
        logger: silent,
      }),
    principal,
  );
}

test('tells of each queue what waits in it, what is in hands, and who consumes it', async () => {
  const emailUrl = await bench.standIn((_request, response) => response.end(takenBefore(90)));
  const get = await ask({ emailUrl });
  const inHands: (() => void)[] = [];
  const [push, transaction, payout] = await Promise.all(['push', 'transaction', 'payout'].map(connected));
  const consumer = push!.consume({
    queue: 'push.bulk',
    prefetch: 2,
    handler: () => new Promise<void>((resolve) => inHands.push(resolve)),
  });
  await consumer.start();
  const publish = (routingKey: string, count: number, broker = transaction, exchange = 'payments') =>
    Promise.all(
      Array.from({ length: count }, (_, index) =>
        broker!.publish({
          exchange,
          routingKey,
          messageId: `${routingKey}-${index}`,
          contentType: 'text/plain',
          body: Buffer.from('x'),
        }),
      ),
    );
  await publish('transfer.b.interactive', 3);
  await publish('transfer.b.bulk', 5);
  await publish('premium', 1, payout, 'payouts');

  let list: Answer | undefined;
  const queue = (name: string) => list?.data.find((one) => one.name === name);
  await waitFor(
    async () => {
      list = (await get('/v1/queues')).body;
      return (
        queue('email.interactive')?.ready === 3 &&
        queue('push.bulk')?.unacked === 2 &&
        // Counted by itself: it may still be missing where the messages are there already.
        queue('push.bulk')?.consumers === 1 &&
        queue('payouts.premium')?.ready === 1
      );
    },
    { what: 'the broker having counted' },
  );
  expect(queue('email.interactive')).toEqual({
    name: 'email.interactive',
    kind: 'lane',
    channel: 'email',
    lane: 'interactive',
    step: null,
    ready: 3,
    unacked: 0,
    consumers: 0,
    publishRate: expect.any(Number),
    deliverRate: 0,
    oldestAgeSeconds: expect.any(Number),
    pausedSeconds: 12.5,
  });
  expect(queue('email.interactive')?.oldestAgeSeconds).toBeGreaterThanOrEqual(90);
  expect(queue('push.bulk')).toMatchObject({ ready: 3, unacked: 2, consumers: 1, lane: 'bulk' });
  expect(queue('email.bulk')?.pausedSeconds).toBe(0);
  expect(queue('push.bulk')).toMatchObject({ oldestAgeSeconds: null, pausedSeconds: null });
  expect(queue('email.retry.30s')).toMatchObject({ kind: 'retry', lane: null, step: '30s', ready: 0 });
  expect(queue('email.dead')).toMatchObject({ kind: 'dead', publishRate: 0, deliverRate: 0 });
  expect(queue('payouts.premium')).toMatchObject({ kind: 'lane', channel: 'payouts', lane: 'premium' });
  expect(queue('payouts.retry.5s')).toMatchObject({ kind: 'retry', channel: 'payouts', lane: null });
  expect(queue('payouts.dead')).toMatchObject({ kind: 'dead', channel: 'payouts' });
  expect(list?.data).toHaveLength(24);
  expect(list?.missing).toEqual([]);
  expect(list?.outbox).toEqual({ waiting: 4, oldestAgeSeconds: 1.5 });

  const stopping = consumer.stop();
  inHands.forEach((finish) => finish());
  await stopping;
  await Promise.all([push, transaction, payout].map(async (broker) => broker?.stop()));
});

test('names queues that the broker does not hold', async () => {
  await new BrokerAdmin(vhost).deleteQueue('email.dead');
  const get = await ask({ channels: ['email', 'pigeon'] });
  const { body } = await get('/v1/queues');
  expect(body.missing).toContain('pigeon.interactive');
  expect(body.missing).toContain('email.dead');
  expect(body.missing).toHaveLength(9);
});

test('what the broker does not tell is not known, and what a queue has not moved is 0', async () => {
  const counted = { messages_ready: 3, messages_unacknowledged: 1, consumers: 2 };
  const listed = [{ name: 'email.bulk' }, { name: 'email.interactive', ...counted }];
  let requests = 0;
  const url = await bench.standIn((request, response) => {
    requests += 1;
    // RabbitMQ closes connections that were idle, also when a request is on its way.
    if (requests === 1) request.socket.destroy();
    else json(200, listed)(request, response);
  });
  const emailUrl = await bench.standIn((_request, response) =>
    response.end('lane_newest_taken_timestamp_seconds{lane="bulk",service="email"} 1\n'),
  );
  const { body } = await (await ask({ management: { url }, channels: ['email'], emailUrl }))('/v1/queues');
  const [interactive, bulk] = ['email.interactive', 'email.bulk'].map((name) =>
    body.data.find((queue) => queue.name === name),
  );
  const rates = { publishRate: 0, deliverRate: 0 };
  expect(interactive).toMatchObject({ ready: 3, unacked: 1, consumers: 2, ...rates });
  const nothing = { ready: null, unacked: null, consumers: null, publishRate: null, deliverRate: null };
  expect(bulk).toMatchObject({ ...nothing, oldestAgeSeconds: null });
  expect(requests).toBe(2);
});

test.each([NOBODY, 'failing'])(
  'an outbox that nobody tells of (%s) is not known; the queues are',
  async (at) => {
    const transactionUrl = at === 'failing' ? await bench.standIn(json(500, {})) : at;
    const { status, body } = await (await ask({ transactionUrl }))('/v1/queues');
    expect(status).toBe(200);
    expect(body.outbox).toEqual({ waiting: null, oldestAgeSeconds: null });
    expect(body.data.length).toBeGreaterThan(0);
  },
);

describe('503 says what is wrong with the management API, and no password:', () => {
  const withPassword = (password: string) => {
    const url = new URL(vhost.managementUrlFor('operations'));
    url.password = password;
    return url.href;
  };
  const cases: [what: string, management: () => Promise<{ url?: string; vhost?: string }>, detail: RegExp][] =
    [
      ['it is away', () => Promise.resolve({ url: 'http://u:hunter2@127.0.0.1:2' }), /does not answer/],
      ['it refuses us', () => Promise.resolve({ url: withPassword('hunter2') }), /tag monitoring/],
      [
        'it knows no such vhost',
        () => Promise.resolve({ vhost: 'no/such' }),
        /no vhost no\/such: see RABBITMQ_VHOST/,
      ],
      ['it fails', async () => ({ url: await bench.standIn(json(500, {})) }), /answered 500/],
      [
        'it is something else',
        async () => ({ url: await bench.standIn(json(200, { a: 1 })) }),
        /as it should/,
      ],
    ];
  test.each(cases)('%s', async (_what, management, detail) => {
    const answer = await (await ask({ management: await management() }))('/v1/queues');
    expect(answer).toMatchObject({ status: 503, body: { code: 'broker_unavailable' } });
    expect(answer.body.detail).toMatch(detail);
    expect(JSON.stringify(answer.body)).not.toContain('hunter2');
  });
});

test('is for operators only', async () => {
  const get = await ask({ principal: { kind: 'service', name: 'web', grants: [...ROUTE_GRANTS] } });
  expect(await get('/v1/queues')).toMatchObject({ status: 403, body: { code: 'forbidden' } });
});

test('sends the METRICS_TOKEN to services that ask for one', async () => {
  const seen: (string | undefined)[] = [];
  const url = await bench.standIn((request, response) => {
    seen.push(request.headers.authorization);
    response.end(METRICS);
  });
  const get = await ask({ transactionUrl: url, emailUrl: url, metricsToken: 'a-long-random-text' });
  expect((await get('/v1/queues')).body.outbox.waiting).toBe(4);
  expect(seen).toEqual(['Bearer a-long-random-text', 'Bearer a-long-random-text']);
});
