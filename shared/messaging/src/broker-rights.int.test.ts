import { channelTopology, laneQueue, liveTopology, mergeTopologies } from '@payfan/contracts';
import { freshBroker, waitFor, type FreshBroker } from '@payfan/stack/testing';
import { connect, type Channel } from 'amqplib';
import { openBroker, type Broker } from './broker.ts';
import { openManagement } from './management.ts';
import { BrokerAdmin } from './testing/broker-admin.ts';
import { RecordingLog } from './testing/recording-log.ts';

let fresh: FreshBroker;
const stops: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  fresh = await freshBroker({ channels: ['push', 'phone', 'email'] });
});
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});
afterAll(() => fresh.remove());

const ACCESS_REFUSED = 403;

/** What the broker answers to an operation of a service; undefined if it agrees. */
async function refusal(service: string, act: (channel: Channel) => Promise<unknown>): Promise<unknown> {
  const model = await connect(fresh.urlFor(service));
  // The broker closes the connection or the channel with what it refuses.
  model.on('error', () => undefined);
  const channel = await model.createConfirmChannel();
  const closed = new Promise((resolve) => channel.on('error', (error) => resolve(error)));
  try {
    await act(channel);
    // A publish is refused later than it returns, and an answer to anything asked after it comes later still.
    const passed = channel.waitForConfirms().then(() => undefined);
    return await Promise.race([closed, passed.catch(() => closed)]);
  } catch {
    return await closed;
  } finally {
    await model.close().catch(() => undefined);
  }
}
const publishing = (exchange: string, key: string, options = {}) => {
  return (channel: Channel) => {
    channel.publish(exchange, key, Buffer.from('{}'), options);
    return Promise.resolve();
  };
};
const refused = (what: string) => ({
  code: ACCESS_REFUSED,
  message: expect.stringContaining(what) as unknown as string,
});

describe('email is refused', () => {
  test.each<[string, string, (channel: Channel) => Promise<unknown>]>([
    ['to publish an event', "exchange 'payments'", publishing('payments', 'transfer.completed.interactive')],
    ['to publish what accounts see live', "exchange 'live'", publishing('live', 's.1')],
    ['to publish on other topics', "exchange 'live.topics'", publishing('live.topics', 's.1')],
    ['to publish turns of payouts', "exchange 'payouts'", publishing('payouts', 'free')],
    [
      'to publish into the queue of another by the default exchange',
      "exchange 'amq.default'",
      publishing('', laneQueue('phone', 'bulk')),
    ],
    ['to publish copies for another', "exchange 'retry.phone'", publishing('retry.phone', '5s.bulk')],
    [
      'to bind all events',
      "topic '#' in exchange 'payments'",
      (channel) => channel.bindQueue('email.bulk', 'payments', '#'),
    ],
    [
      'to bind what accounts see live',
      "exchange 'live'",
      (channel) => channel.bindQueue('email.bulk', 'live', 's.1'),
    ],
    [
      'to bind the queue of another',
      "queue 'phone.bulk'",
      (channel) => channel.bindQueue('phone.bulk', 'payments', '*.*.bulk'),
    ],
    ['to read the queue of another', "queue 'phone.bulk'", (channel) => channel.get('phone.bulk')],
    [
      'to consume the queue of another',
      "queue 'phone.bulk'",
      (channel) => channel.consume('phone.bulk', () => undefined),
    ],
    ['to purge the queue of another', "queue 'phone.bulk'", (channel) => channel.purgeQueue('phone.bulk')],
    ['to delete the queue of another', "queue 'phone.bulk'", (channel) => channel.deleteQueue('phone.bulk')],
    ['to delete `payments`', "exchange 'payments'", (channel) => channel.deleteExchange('payments')],
    [
      'a queue whose dead letters become events',
      "exchange 'payments'",
      (channel) => channel.assertQueue('email.new', { deadLetterExchange: 'payments' }),
    ],
  ])('%s', async (_what, resource, act) => {
    expect(await refusal('email', act)).toMatchObject(refused(resource));
  });

  test('to publish in the name of another service', async () => {
    const act = publishing('retry.email', '5s.bulk', { userId: 'payfan_transaction' });
    expect(await refusal('email', act)).toMatchObject({
      code: 406,
      message: expect.stringContaining("user_id property set to 'payfan_transaction'"),
    });
  });
});

test.each<[string, string, (channel: Channel) => Promise<unknown>]>([
  ['transaction', "topic 'payout.completed.bulk'", publishing('payments', 'payout.completed.bulk')],
  ['transaction', "queue 'email.bulk'", (channel) => channel.get('email.bulk')],
  ['transaction', "queue 'email.bulk'", (channel) => channel.purgeQueue('email.bulk')],
  ['payout', "topic 'transfer.completed.bulk'", publishing('payments', 'transfer.completed.bulk')],
  ['payout', "exchange 'live'", publishing('live', 's.1')],
  ['gateway', "exchange 'live'", publishing('live', 's.1')],
  ['gateway', "exchange 'payments'", publishing('payments', 'transfer.completed.bulk')],
  ['push', "exchange 'live.topics'", publishing('live.topics', 's.1')],
  ['operations', "exchange 'payments'", publishing('payments', 'transfer.completed.bulk')],
  ['operations', "queue 'email.bulk'", (channel) => channel.get('email.bulk')],
])('%s is refused %s', async (service, resource, act) => {
  expect(await refusal(service, act)).toMatchObject(refused(resource));
});

test.each<[string, (channel: Channel) => Promise<unknown>]>([
  ['transaction', publishing('payments', 'transfer.completed.bulk', { userId: 'payfan_transaction' })],
  ['payout', publishing('payments', 'payout.completed.bulk', { userId: 'payfan_payout' })],
  ['push', publishing('live', 's.1')],
  ['gateway', publishing('live.topics', 's.1')],
  ['email', publishing('retry.email', '5s.bulk', { userId: 'payfan_email' })],
])('%s may do its work', async (service, act) => {
  expect(await refusal(service, act)).toBeUndefined();
});

test('operations reads how long queues are, and changes nothing by the management API', async () => {
  const asOperations = openManagement(fresh.managementUrlFor('operations'));
  const queues = (await asOperations.get(`queues/${fresh.vhost}`)) as { name: string }[];
  expect(queues.map(({ name }) => name)).toContain('email.bulk');
  const message = { properties: {}, routing_key: 'email.bulk', payload: '{}', payload_encoding: 'string' };
  for (const attempt of [
    () => asOperations.post(`exchanges/${fresh.vhost}/amq.default/publish`, message),
    () => asOperations.delete(`queues/${fresh.vhost}/email.bulk`),
    () => asOperations.delete(`queues/${fresh.vhost}/email.bulk/contents`),
    () => asOperations.put('users/somebody', { password: 'x', tags: 'administrator' }),
  ]) {
    await expect(attempt()).rejects.toMatchObject({ name: 'ManagementError' });
  }
});

describe('a program', () => {
  const log = new RecordingLog();
  async function brokerAs(service: string, topology = channelTopology(service)): Promise<Broker> {
    const broker = openBroker({ urls: [fresh.urlFor(service)], name: service, log, topology });
    stops.push(() => broker.stop());
    await broker.start();
    return broker;
  }

  test('stops at start with the user, the resource and the right that the broker refuses', async () => {
    const more = mergeTopologies([channelTopology('email'), liveTopology]);
    await expect(brokerAs('email', more)).rejects.toMatchObject({
      name: 'AccessRefusedError',
      message: expect.stringContaining(
        `RabbitMQ refuses the user payfan_email the right to configure exchange 'live' in vhost '${fresh.vhost}'. Run the program`,
      ),
    });
  });

  test('stops at start when it may not consume', async () => {
    const broker = await brokerAs('email');
    const consumer = broker.consume({
      queue: 'phone.bulk',
      prefetch: 1,
      handler: () => Promise.resolve(),
    });
    stops.push(() => consumer.stop());
    await expect(consumer.start()).rejects.toThrow(
      "refuses the user payfan_email the right to read queue 'phone.bulk'",
    );
  });

  test.each([
    ['a wrong password', /:[^:@]*@/, ':wrong@', 'refuses the user payfan_email the login'],
    ['another vhost', /[^/]*$/, '%2F', "refuses the user payfan_email all rights in vhost '/'"],
  ])('stops at start with %s', async (_what, found, instead, sentence) => {
    const urls = [fresh.urlFor('email').replace(found, instead)];
    const broker = openBroker({ urls, name: 'email', log, topology: channelTopology('email') });
    stops.push(() => broker.stop());
    await expect(broker.start()).rejects.toThrow(sentence);
  });

  test('that loses a right while it runs says so in its log and its readiness, and goes on once it has it again', async () => {
    const broker = await brokerAs('email');
    await waitFor(() => broker.ping(), { what: 'the broker' });
    const admin = openManagement(fresh.managementUrl);
    const path = `permissions/${fresh.vhost}/payfan_email`;
    const rights = (await admin.get(path)) as Record<'configure' | 'write' | 'read', string>;
    const copy = (messageId: string) => ({
      ...{ exchange: 'retry.email', routingKey: '5s.bulk', messageId },
      ...{ contentType: 'text/plain', body: Buffer.from('') },
    });
    await admin.put(path, { ...rights, write: '^$' });
    // A right is cached for a channel for a moment, so the first may pass.
    await waitFor(
      async () => {
        const failure = await broker.publish(copy('copy')).catch((error: unknown) => error);
        expect(failure).toMatchObject({ kind: 'refused' });
      },
      { what: 'the refusal' },
    );
    const sentence = `RabbitMQ refuses the user payfan_email the right to write to exchange 'retry.email'`;
    await waitFor(
      async () => {
        await broker.publish(copy('another')).catch(() => undefined);
        await expect(broker.ping()).rejects.toThrow(sentence);
      },
      { what: 'the readiness saying so' },
    );
    const errors = log.lines.filter(({ level }) => level === 'error');
    expect(JSON.stringify(errors)).toContain(sentence);
    await admin.put(path, rights);
    await waitFor(() => broker.publish(copy('again')), { what: 'publishing again' });
  });

  test('publishes in its own name, which the broker has verified', async () => {
    const broker = await brokerAs('email');
    await new BrokerAdmin(fresh).take('email.bulk');
    await waitFor(() => broker.ping(), { what: 'the broker' });
    const seen: (string | undefined)[] = [];
    const consumer = broker.consume({
      queue: 'email.bulk',
      prefetch: 1,
      handler: ({ userId }) => Promise.resolve(void seen.push(userId)),
    });
    stops.push(() => consumer.stop());
    await consumer.start();
    await broker.publish({
      ...{ exchange: 'retry.email', routingKey: '5s.bulk', messageId: 'own' },
      ...{ contentType: 'text/plain', body: Buffer.from('') },
    });
    await waitFor(() => Promise.resolve(seen.length > 0), { what: 'the copy' });
    expect(seen).toEqual(['payfan_email']);
  });
});
