import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { openDatabase } from '@payfan/database';
import { keyToken, LiveClient, type LiveEvent, TRANSPORTS } from '@payfan/live-client';
import { createTokenIssuer, TOKEN_LIFETIME_SECONDS } from '@payfan/service';
import { waitFor, WAIT_TIMEOUT_MS } from '@payfan/stack/testing';
import { BackEnd } from '../live/back-end.ts';
import { Fleet } from '../live/fleet.ts';
import { Follower } from '../live/follower.ts';
import { Sockets } from '../live/sockets.ts';
import { areAtTheEnd, NOTHING_AMISS, tally } from '../live/tally.ts';
import { outside } from './people.ts';

let fleet: Fleet;
let urls: [string, string];
const sockets = new Sockets();
const clients: LiveClient[] = [];
beforeAll(async () => {
  fleet = await Fleet.start();
  urls = [(await fleet.gateway()).url, (await fleet.gateway()).url];
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});
afterAll(async () => {
  sockets.terminate();
  await fleet.stop();
});

const until = (what: string, isSo: () => boolean | Promise<boolean>) => waitFor(async () => isSo(), { what });

function clientOf(url: string, key: string): LiveClient {
  const token = keyToken({ url: fleet.payfan.url('transaction'), key });
  const client = new LiveClient({ url, token, WebSocket: sockets.constructorForClients });
  clients.push(client);
  return client;
}

test('what a back end publishes on one gateway reaches who follows on it, and on the other', async () => {
  const told = urls.map((url) => {
    const events: LiveEvent[] = [];
    const client = clientOf(url, fleet.members[0].key);
    client.subscribe('public.rates', { onEvent: (event) => events.push(event) });
    return { client, events };
  });
  await until('both being live', () => told.every(({ client }) => client.status.state === 'live'));
  const backEnd = clientOf(urls[0], 'demo_service');
  for (let count = 0; count < 50; count += 1) await backEnd.publish('public.rates', 'rate', { count });
  for (const { events } of told) {
    await until('everything being told', () => events.length >= 50);
    expect(events.map(({ data }) => data)).toEqual(Array.from({ length: 50 }, (_, count) => ({ count })));
  }
});

test('an account’s events reach all of its clients on both gateways, each once and in order', async () => {
  const followers = urls.flatMap((url) =>
    fleet.members.flatMap((who) =>
      TRANSPORTS.map((transport) => new Follower({ fleet, url, who, sockets, transport })),
    ),
  );
  clients.push(...followers.map(({ client }) => client));
  await Promise.all(followers.map((follower) => follower.live()));
  const { pay } = outside(fleet.payfan);
  const [{ key: from }, { phone: to }] = fleet.members;
  await Promise.all(Array.from({ length: 40 }, () => pay(100, { from, to })));
  await until('every transfer being in the feeds', () => fleet.isTold());
  const heads = await fleet.heads();
  await until('everybody being told', () => areAtTheEnd(followers, heads));
  expect(tally(followers, heads)).toEqual({ clients: 12, expected: 12 * 40, ...NOTHING_AMISS });
});

test('two back ends on different gateways talk by topics, as the example shows', async () => {
  const addresses = urls.map((url) => `${url.replace('http', 'ws')}/v1/live`);
  const example = spawn(process.execPath, ['docs/examples/two-back-ends.mjs', ...addresses], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: WAIT_TIMEOUT_MS,
  });
  const [output, exit] = await Promise.all([text(example.stdout), once(example, 'close')]);
  expect(exit).toEqual([0, null]);
  expect(output.trim().split('\n')).toEqual([
    'shop    orders lunch-1',
    'rates   heard of lunch-1, and quotes',
    'shop    got 10000 paise on quotes.lunch-1',
  ]);
});

test('a client that comes with a token of yesterday is refused for that, and comes back with a new one', async () => {
  const [{ key, topic }] = fleet.members;
  const old = await tokenOfYesterday(topic.slice('account.'.length));
  const back = await BackEnd.connect(urls[0], old);
  expect(await back.closed).toBe(4001);

  const fresh = keyToken({ url: fleet.payfan.url('transaction'), key });
  const client = new LiveClient({
    url: urls[0],
    token: ({ renew }) => (renew ? fresh({ renew }) : Promise.resolve(old)),
    WebSocket: sockets.constructorForClients,
  });
  clients.push(client);
  client.subscribe(topic, { onEvent: () => undefined });
  await until('it being live', () => client.status.state === 'live');
});

async function tokenOfYesterday(accountId: string): Promise<string> {
  const database = openDatabase({ url: fleet.payfan.database.adminUrl, name: 'test', max: 1 });
  const [row] = await database.query<{ key: Parameters<typeof createTokenIssuer>[0] }>({
    text: 'select private as key from transaction.signing_keys',
  });
  await database.stop();
  if (row === undefined) throw new Error('transaction has no signing key yet');
  const dayMs = 86_400_000 + TOKEN_LIFETIME_SECONDS * 1_000;
  const issuer = await createTokenIssuer(row.key, () => Date.now() - dayMs);
  return (await issuer.issue({ kind: 'account', accountId, tier: 'free' })).token;
}
