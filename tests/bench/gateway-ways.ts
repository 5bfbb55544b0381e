import { setTimeout as delay } from 'node:timers/promises';
import { accountTopic } from '@payfan/contracts';
import { keyToken, LiveClient, TRANSPORTS, type Transport } from '@payfan/live-client';
import { waitFor } from '@payfan/stack/testing';
import { WebSocket } from 'ws';
import { benchAccountId, benchKey } from './bench-accounts.ts';
import type { BenchOptions, Figure } from './figure.ts';
import type { GatewayStage, LiveServer } from './gateway-stage.ts';
import { OpenLoad } from './open-load.ts';
import { readStat, TICKS_PER_SECOND } from './proc-stat.ts';
import { overRounds } from './rounds.ts';
import { quantile } from './statistics.ts';

const CLIENTS = 100;
/** Over all people: to each client one in four seconds. */
const PER_SECOND = 12;
const MEASURED_MS = 20_000;
const SETTLE_MS = 2_000;
/** How often a client asks that is not told when to: what pages did before there was anything else. */
const ASK_EVERY_MS = 1_000;

/** A client's share of what a way to follow an account costs, and how old its news is. */
interface Cost {
  requests: number;
  bytes: number;
  cpuMillis: number;
  p50Ms: number;
  p99Ms: number;
}
type Way = Transport | 'asking';
const WAYS: readonly Way[] = ['asking', ...TRANSPORTS];
const NAMES: Record<Way, string> = {
  asking: `asking every ${ASK_EVERY_MS / 1_000} s`,
  polling: 'long polling',
  sse: 'server-sent events',
  websocket: 'WebSocket',
};

/** The ways to follow an account side by side: polling, server-sent events and WebSocket, from the same log. */
export async function ways(stage: GatewayStage, { rounds, say }: BenchOptions): Promise<Figure[]> {
  const all = new Map<Way, Cost[]>(WAYS.map((way) => [way, []]));
  const server = await stage.start('gateway');
  for (let round = 1; round <= rounds; round += 1) {
    for (const way of WAYS) {
      const cost = await measure(stage, server, way);
      all.get(way)?.push(cost);
      say(
        `  ${NAMES[way]}, round ${round}: p50 ${cost.p50Ms.toFixed(1)} ms, ${cost.requests.toFixed(2)} requests/s`,
      );
    }
  }
  return WAYS.flatMap((way) => {
    const of = (figure: keyof Cost) => (all.get(way) ?? []).map((cost) => cost[figure]);
    const name = NAMES[way];
    return [
      overRounds({ what: `${name}: requests of a client`, unit: '/s' }, of('requests')),
      overRounds({ what: `${name}: bytes to and from a client`, unit: 'B/s' }, of('bytes')),
      overRounds({ what: `${name}: gateway's CPU for a client`, unit: 'ms/s' }, of('cpuMillis')),
      overRounds({ what: `${name}: an event is known after, p50`, unit: 'ms' }, of('p50Ms')),
      overRounds({ what: `${name}: an event is known after, p99`, unit: 'ms' }, of('p99Ms')),
    ];
  });
}

interface Follower {
  /** So far. */
  traffic(): { requests: number; bytes: number };
  isReady(): boolean;
  close(): void;
}

async function measure(stage: GatewayStage, server: LiveServer, way: Way): Promise<Cost> {
  const { payfan } = stage;
  const ages: number[] = [];
  // From the entry in the feed, which is when there is something to know.
  const onEvent = ({ time }: { time: string }) => ages.push(Date.now() - Date.parse(time));
  const open = way === 'asking' ? asking : (...around: Parameters<typeof asking>) => told(way, ...around);
  const followers = Array.from({ length: CLIENTS }, (_, n) =>
    open(server.url, payfan.url('transaction'), n + 1, onEvent),
  );
  await waitFor(() => Promise.resolve(followers.every((one) => one.isReady())), {
    what: `${CLIENTS} clients by ${way}`,
    timeoutMs: 30_000,
  });
  const load = new OpenLoad({ url: payfan.url('transaction'), accounts: CLIENTS, perSecond: PER_SECOND });
  await delay(SETTLE_MS);
  ages.length = 0;
  const sum = () => followers.map((one) => one.traffic());
  const before = { traffic: sum(), ticks: readStat(server.program.pid).ticks };
  await delay(MEASURED_MS);
  const after = { traffic: sum(), ticks: readStat(server.program.pid).ticks };
  await load.stopWithoutRefusal();
  for (const one of followers) one.close();
  const each = (figure: 'requests' | 'bytes') =>
    (total(after.traffic, figure) - total(before.traffic, figure)) / CLIENTS / (MEASURED_MS / 1_000);
  return {
    requests: each('requests'),
    bytes: each('bytes'),
    cpuMillis: ((after.ticks - before.ticks) / TICKS_PER_SECOND / CLIENTS / MEASURED_MS) * 1_000_000,
    p50Ms: quantile(ages, 0.5),
    p99Ms: quantile(ages, 0.99),
  };
}

const total = (all: readonly { requests: number; bytes: number }[], figure: 'requests' | 'bytes') =>
  all.reduce((sum, one) => sum + one[figure], 0);

type OnEvent = (event: { time: string }) => void;

/** By the client library. */
function told(
  transport: Transport,
  url: string,
  transactionUrl: string,
  person: number,
  onEvent: OnEvent,
): Follower {
  const token = keyToken({ url: transactionUrl, key: benchKey(person) });
  const client = new LiveClient({ url, token, WebSocket, transport });
  client.subscribe(accountTopic(benchAccountId(person)), { onEvent });
  return {
    traffic() {
      const { requests, sentBytes, receivedBytes } = client.traffic()[transport];
      return { requests, bytes: sentBytes + receivedBytes };
    },
    isReady: () => client.status.state === 'live',
    close: () => client.close(),
  };
}

/** By a request every so often, whether or not there is news. */
function asking(url: string, transactionUrl: string, person: number, onEvent: OnEvent): Follower {
  const token = keyToken({ url: transactionUrl, key: benchKey(person) });
  let next: number | undefined;
  let isReady = false;
  let requests = 0;
  let bytes = 0;
  const ask = async (): Promise<void> => {
    const from = next === undefined ? '' : `?after=${next}`;
    const headers = { authorization: `Bearer ${await token({ renew: false })}` };
    const response = await fetch(`${url}/v1/events${from}`, { headers });
    const text = await response.text();
    const page = JSON.parse(text) as { data: { time: string }[]; next: number };
    requests += 1;
    bytes += text.length + `GET /v1/events${from} HTTP/1.1`.length + headers.authorization.length;
    for (const [name, value] of response.headers) bytes += name.length + value.length + 4;
    next = page.next;
    if (isReady) page.data.forEach(onEvent);
    // What was before is not measured.
    else if (page.data.length > 0) await ask();
    isReady = true;
  };
  // Not all in the same moment.
  let timer = setTimeout(function again() {
    timer = setTimeout(again, ASK_EVERY_MS);
    void ask();
  }, Math.random() * ASK_EVERY_MS);
  return {
    traffic: () => ({ requests, bytes }),
    isReady: () => isReady,
    close: () => clearTimeout(timer),
  };
}
