import { execFile } from 'node:child_process';
import path from 'node:path';
import { brokerServices, brokerTopology, brokerUserName, channelTopology } from '@payfan/contracts';
import { freshVhost, type FreshVhost } from '@payfan/stack/testing';
import { openManagement, type Management } from './management.ts';
import { setUpBroker } from './setup-broker.ts';
import { BrokerAdmin } from './testing/broker-admin.ts';

const CHANNELS = ['push', 'email'];
const passwords = Object.fromEntries(brokerServices(CHANNELS).map((name) => [name, `password-of-${name}`]));

let fresh: FreshVhost;
let management: Management;
let admin: BrokerAdmin;
beforeEach(async () => {
  fresh = await freshVhost();
  management = openManagement(fresh.managementUrl);
  admin = new BrokerAdmin(fresh);
});
afterEach(() => fresh.remove());

const setUp = (over: Partial<Parameters<typeof setUpBroker>[0]> = {}) =>
  setUpBroker({
    adminUrl: fresh.managementUrl,
    vhost: fresh.vhost,
    channels: CHANNELS,
    passwords,
    ...over,
  });
const list = async (what: string) =>
  (await management.get(`${what}/${fresh.vhost}`)) as Record<string, unknown>[];
const everything = () =>
  Promise.all(
    ['exchanges', 'queues', 'bindings', 'vhosts'].map(async (what) =>
      what === 'vhosts' ? management.get(`vhosts/${fresh.vhost}/permissions`) : (await list(what)).length,
    ),
  );

test('declares everything that services use, with the arguments that they would declare it with', async () => {
  await setUp();
  const { exchanges, queues, bindings } = brokerTopology(CHANNELS);
  const names = (await list('exchanges')).map(({ name }) => String(name));
  expect(names.filter((name) => name !== '' && !name.startsWith('amq.')).sort()).toEqual(
    exchanges.map(({ name }) => name).sort(),
  );
  const held = (await list('queues')).map(({ name, arguments: args }) => ({ name, arguments: args }));
  expect(held.sort((a, b) => (String(a.name) < String(b.name) ? -1 : 1))).toEqual(
    [...queues].sort((a, b) => (a.name < b.name ? -1 : 1)),
  );
  expect((await list('bindings')).filter(({ source }) => source !== '')).toHaveLength(bindings.length);
});

test('gives every service a user, and only operations a tag', async () => {
  await setUp();
  const users = (await management.get('users')) as { name: string; tags: string | string[] }[];
  const tagsOf = (service: string) =>
    String(users.find(({ name }) => name === brokerUserName(service))?.tags ?? 'no such user');
  for (const service of brokerServices(CHANNELS)) {
    expect([service, tagsOf(service)]).toEqual([service, service === 'operations' ? 'monitoring' : '']);
  }
});

test('a second run changes nothing, nor do two at once', async () => {
  await setUp();
  const before = await everything();
  await Promise.all([setUp(), setUp()]);
  expect(await everything()).toEqual(before);
});

describe('a queue of an earlier version', () => {
  const LANE = 'email.interactive';
  const outdated = () =>
    admin.declareQueue(LANE, {
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': 'email.dead',
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
      'x-delivery-limit': 20,
    });
  const argumentsOf = async (queue: string) =>
    (await list('queues')).find(({ name }) => name === queue)?.['arguments'];
  const write = (routing_key: string) =>
    management.post(`exchanges/${fresh.vhost}/amq.default/publish`, {
      ...{ properties: {}, routing_key, payload: 'an event', payload_encoding: 'string' },
    });

  test('that is empty is declared again', async () => {
    await outdated();
    await setUp();
    const wanted = channelTopology('email').queues.find(({ name }) => name === LANE);
    expect(await argumentsOf(LANE)).toEqual(wanted?.arguments);
  });

  test.each([LANE, 'email.retry.1h'])(
    'stays, and the run ends with what to do, while %s holds a message',
    async (queue) => {
      await outdated();
      const before = await argumentsOf(LANE);
      if (queue !== LANE) {
        const { arguments: args } = channelTopology('email').queues.find(({ name }) => name === queue)!;
        await admin.declareQueue(queue, args);
      }
      await write(queue);
      await expect(setUp()).rejects.toThrow(
        `The queue ${queue} belongs to an earlier version of Payfan and has to be declared again, but it holds messages: start that version again until its queues are empty, stop it, then run this again.`,
      );
      expect(await argumentsOf(LANE)).toEqual(before);
      expect(await admin.take(queue)).toHaveLength(1);
    },
  );
});

describe('ends with a sentence that says what to do', () => {
  test('where the user is no administrator', async () => {
    await setUp();
    const url = new URL(fresh.managementUrl);
    [url.username, url.password] = ['payfan_operations', 'password-of-operations'];
    await expect(setUp({ adminUrl: url.href })).rejects.toThrow(
      'This user of RabbitMQ may not make users. RABBITMQ_ADMIN_URL must hold the name and password of a user with the tag administrator (rabbitmqctl set_user_tags payfan_operations administrator).',
    );
  });

  test('where the password is wrong', async () => {
    const url = new URL(fresh.managementUrl);
    url.password = 'wrong';
    await expect(setUp({ adminUrl: url.href })).rejects.toThrow(
      /does not know this user or its password\. RABBITMQ_ADMIN_URL must hold/,
    );
  });

  test('where nothing answers', async () => {
    await expect(setUp({ adminUrl: 'http://a:b@127.0.0.1:1' })).rejects.toThrow(
      /does not answer at 127\.0\.0\.1:1 .*RABBITMQ_ADMIN_URL must say where it is/,
    );
  });

  test('where there is no such vhost', async () => {
    await expect(setUp({ vhost: 'nowhere' })).rejects.toThrow(/no vhost 'nowhere': RABBITMQ_VHOST must name/);
  });
});

describe('the program', () => {
  const run = (env: Record<string, string>) =>
    new Promise<{ code: number | undefined; stdout: string; stderr: string }>((resolve) => {
      const main = path.join(__dirname, '../dist/setup-broker-main.js');
      const child = execFile(process.execPath, [main], { env }, (_error, stdout, stderr) =>
        resolve({ code: child.exitCode ?? undefined, stdout, stderr }),
      );
    });
  const env = () => ({
    RABBITMQ_ADMIN_URL: fresh.managementUrl,
    RABBITMQ_VHOST: fresh.vhost,
    CHANNELS: CHANNELS.join(','),
    ...Object.fromEntries(
      Object.entries(passwords).map(([name, password]) => [`${name.toUpperCase()}_AMQP_PASSWORD`, password]),
    ),
  });

  test('sets the broker up from its environment', async () => {
    expect(await run(env())).toMatchObject({ code: 0, stderr: '' });
    expect(await list('queues')).toHaveLength(brokerTopology(CHANNELS).queues.length);
  });

  test.each(['RABBITMQ_ADMIN_URL', 'CHANNELS', 'GATEWAY_AMQP_PASSWORD', 'EMAIL_AMQP_PASSWORD'])(
    'without %s names it, and changes nothing',
    async (name) => {
      const { code, stderr } = await run({ ...env(), [name]: '' });
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(name) });
      expect(await list('queues')).toEqual([]);
    },
  );
});
