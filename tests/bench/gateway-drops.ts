import { setTimeout as delay } from 'node:timers/promises';
import { accountTopic } from '@payfan/contracts';
import { keyToken, LiveClient } from '@payfan/live-client';
import { waitFor, startTcpProxy } from '@payfan/stack/testing';
import { WebSocket } from 'ws';
import { benchAccountId, benchKey } from './bench-accounts.ts';
import type { BenchOptions, Figure } from './figure.ts';
import type { GatewayStage } from './gateway-stage.ts';
import { OpenLoad } from './open-load.ts';
import { overRounds } from './rounds.ts';

/** Two people pay each other, so every transfer concerns every client. */
const PEOPLE = 2;
const CLIENTS_EACH = 10;
const PER_SECOND = 30;
const DROPS = 5;
const DROP_MS = 2_000;
const BETWEEN_MS = 3_000;

interface Tally {
  expected: number;
  lost: number;
  doubled: number;
}

/** Clients whose network goes away for two seconds again and again, while money moves. */
export async function drops({ payfan }: GatewayStage, { rounds, say }: BenchOptions): Promise<Figure[]> {
  const all: Tally[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const tally = await measure(payfan.url('gateway'), payfan.url('transaction'));
    all.push(tally);
    say(`  drops, round ${round}: ${tally.expected} events, ${tally.lost} lost, ${tally.doubled} doubled`);
  }
  const what = `over ${DROPS} drops of ${DROP_MS / 1_000} s`;
  return [
    overRounds(
      { what: `events to clients ${what}`, unit: 'events' },
      all.map((tally) => tally.expected),
    ),
    overRounds(
      { what: `delivered ${what}`, unit: '%', atLeast: 100 },
      all.map(({ expected, lost }) => (100 * (expected - lost)) / expected),
    ),
    overRounds(
      { what: `doubled ${what}`, unit: 'events', atMost: 0 },
      all.map((tally) => tally.doubled),
    ),
  ];
}

async function measure(gatewayUrl: string, transactionUrl: string): Promise<Tally> {
  const proxy = await startTcpProxy(gatewayUrl);
  const followers = Array.from({ length: PEOPLE * CLIENTS_EACH }, (_, index) =>
    follow(proxy.through(gatewayUrl), transactionUrl, 1 + (index % PEOPLE)),
  );
  await Promise.all(followers.map(({ client }) => untilLive(client)));
  const load = new OpenLoad({ url: transactionUrl, accounts: PEOPLE, perSecond: PER_SECOND });
  for (let drop = 0; drop < DROPS; drop += 1) {
    await delay(BETWEEN_MS);
    await proxy.refuse();
    await delay(DROP_MS);
    await proxy.forward();
  }
  await delay(BETWEEN_MS);
  const transfers = await load.stopWithoutRefusal();
  const complete = () => followers.every(({ seqs }) => new Set(seqs).size >= transfers.length);
  // Whoever is not complete by then has lost something.
  await waitFor(() => Promise.resolve(complete()), { what: 'every event', timeoutMs: 60_000 }).catch(
    () => undefined,
  );
  for (const { client } of followers) client.close();
  await proxy.stop();
  const told = followers.map(({ seqs }) => ({ all: seqs.length, different: new Set(seqs).size }));
  return {
    expected: transfers.length * followers.length,
    lost: told.reduce((sum, { different }) => sum + transfers.length - different, 0),
    doubled: told.reduce((sum, { all, different }) => sum + all - different, 0),
  };
}

function follow(url: string, transactionUrl: string, person: number) {
  const seqs: number[] = [];
  const token = keyToken({ url: transactionUrl, key: benchKey(person) });
  const client = new LiveClient({ url, token, WebSocket, transport: 'websocket' });
  client.subscribe(accountTopic(benchAccountId(person)), { onEvent: ({ seq = 0 }) => seqs.push(seq) });
  return { client, seqs };
}

const untilLive = (client: LiveClient): Promise<void> =>
  waitFor(() => Promise.resolve(client.status.state === 'live'), {
    what: `a client that is ${client.status.state} to be live`,
    timeoutMs: 20_000,
  });
