import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { LIVE_TOPICS_EXCHANGE, LIVE_HEADERS, shardKey, shardOf, type LiveEvent } from '@payfan/contracts';
import type { Broker } from '@payfan/messaging';
import { waitFor } from '@payfan/stack/testing';
import type { BenchOptions, Figure } from './figure.ts';
import { SERVICE_KEY, type GatewayStage, type LiveServer } from './gateway-stage.ts';
import { LiveSocket } from './live-socket.ts';
import { wallMs } from './open-load.ts';
import { readStat, TICKS_PER_SECOND } from './proc-stat.ts';
import { overRounds, ratios } from './rounds.ts';
import { quantile } from './statistics.ts';

const CLIENTS = 200;
/** Broadcasts, each to every client: as many deliveries as one processor can do with room to spare. */
const BROADCAST = { perSecond: 100, messages: 800, name: 'broadcast' } as const;
/** To one client each, in turn. */
const UNICAST = { perSecond: 2_000, messages: 12_000, name: 'unicast' } as const;
/** Clients that look at the time in what they get; the others only count. */
const LOOKING = 10;
const SETTLE_MS = 500;
/** As long as a transfer's event. */
const PADDING = 'x'.repeat(180);

type Pattern = typeof BROADCAST | typeof UNICAST;

interface Measured {
  /** Of the server, for one event to one client. */
  cpuMicros: number;
  p50Ms: number;
  p99Ms: number;
}
const KINDS = ['gateway', 'ws', 'tcp'] as const;
type Kind = (typeof KINDS)[number];

/** One event to everybody, and each event to one, against `ws` alone and against bare writes to the sockets. */
export async function fanOut(stage: GatewayStage, { rounds, say }: BenchOptions): Promise<Figure[]> {
  const audiences = await Promise.all(KINDS.map(async (kind) => openAudience(await stage.start(kind))));
  const figures: Figure[] = [];
  for (const pattern of [BROADCAST, UNICAST]) {
    const all: Record<Kind, Measured>[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      const measured: Partial<Record<Kind, Measured>> = {};
      for (const audience of audiences) {
        measured[audience.server.kind] = await measure(stage.broker, audience, pattern);
      }
      // The first one warms up.
      if (round > 0) all.push(measured as Record<Kind, Measured>);
      const shown = KINDS.map((kind) => `${kind} ${measured[kind]?.cpuMicros.toFixed(1)} µs`);
      say(`  ${pattern.name} ${round === 0 ? 'warming up' : `round ${round}`}: ${shown.join(', ')}`);
    }
    figures.push(...figuresOf(pattern, all));
  }
  for (const { sockets } of audiences) for (const socket of sockets) socket.close();
  return figures;
}

function figuresOf(pattern: Pattern, all: readonly Record<Kind, Measured>[]): Figure[] {
  const of = (kind: Kind, figure: keyof Measured) => all.map((measured) => measured[kind][figure]);
  const { name } = pattern;
  const bar = pattern === BROADCAST ? { atMost: 1.1 } : {};
  return [
    overRounds({ what: `${name}: gateway, CPU an event`, unit: 'µs' }, of('gateway', 'cpuMicros')),
    overRounds({ what: `${name}: bare ws, CPU an event`, unit: 'µs' }, of('ws', 'cpuMicros')),
    overRounds({ what: `${name}: preframed to bare TCP, CPU an event`, unit: 'µs' }, of('tcp', 'cpuMicros')),
    overRounds(
      { what: `${name}: CPU against bare ws`, unit: '×', ...bar },
      ratios(of('gateway', 'cpuMicros'), of('ws', 'cpuMicros')),
    ),
    overRounds(
      { what: `${name}: CPU against bare TCP`, unit: '×' },
      ratios(of('gateway', 'cpuMicros'), of('tcp', 'cpuMicros')),
    ),
    ...KINDS.flatMap((kind) => [
      overRounds({ what: `${name}: ${kind}, p50`, unit: 'ms' }, of(kind, 'p50Ms')),
      overRounds({ what: `${name}: ${kind}, p99`, unit: 'ms' }, of(kind, 'p99Ms')),
    ]),
  ];
}

interface Audience {
  server: LiveServer;
  sockets: LiveSocket[];
  /** Of the events that somebody has looked at. */
  latenciesMs: number[];
}

const EVERYBODY = 'public.bench';
const only = (client: number) => `bench.client-${client}`;

async function openAudience(server: LiveServer): Promise<Audience> {
  const latenciesMs: number[] = [];
  const look = (json: Buffer) => {
    latenciesMs.push(wallMs() - Number(/"sentAtMs":([\d.]+)/.exec(json.toString('latin1'))?.[1]));
  };
  const sockets: LiveSocket[] = [];
  for (let client = 0; client < CLIENTS; client += 1) {
    const onEvent = client < LOOKING ? { onEvent: look } : {};
    const { url } = server;
    if (server.kind === 'gateway') {
      const socket = await LiveSocket.open({ url, key: SERVICE_KEY, ...onEvent });
      await socket.ask({ id: 1, t: 'subscribe', topic: EVERYBODY });
      await socket.ask({ id: 2, t: 'subscribe', topic: only(client) });
      sockets.push(socket);
    } else {
      // One path for both: whoever follows a topic of its own gets those for everybody, too.
      sockets.push(await LiveSocket.open({ url, path: `/${only(client)}`, ...onEvent }));
    }
  }
  return { server, sockets, latenciesMs };
}

async function measure(broker: Broker, audience: Audience, pattern: Pattern): Promise<Measured> {
  const { server, sockets, latenciesMs } = audience;
  const { pid } = server.program;
  const received = () => sockets.reduce((sum, socket) => sum + socket.events, 0);
  await delay(SETTLE_MS);
  latenciesMs.length = 0;
  const before = received();
  const ticksBefore = readStat(pid).ticks;
  const expected = pattern.messages * (pattern === BROADCAST ? CLIENTS : 1);
  await publishEvenly(broker, server.kind, pattern);
  await waitFor(() => Promise.resolve(received() - before === expected), {
    what: `${expected} events by ${server.kind}`,
    timeoutMs: 60_000,
  });
  const ticks = readStat(pid).ticks - ticksBefore;
  return {
    cpuMicros: ((ticks / TICKS_PER_SECOND) * 1_000_000) / expected,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
  };
}

/** At a set rate, whether or not earlier ones have arrived. */
async function publishEvenly(broker: Broker, kind: Kind, pattern: Pattern): Promise<void> {
  const beganMs = wallMs();
  const confirms: Promise<void>[] = [];
  while (confirms.length < pattern.messages) {
    const due = Math.min(pattern.messages, ((wallMs() - beganMs) / 1_000) * pattern.perSecond);
    while (confirms.length < due) {
      confirms.push(
        publish(broker, kind, pattern === BROADCAST ? EVERYBODY : only(confirms.length % CLIENTS)),
      );
    }
    await delay(2);
  }
  await Promise.all(confirms);
}

function publish(broker: Broker, kind: Kind, topic: string): Promise<void> {
  const id = randomUUID();
  const data = { sentAtMs: wallMs(), padding: PADDING };
  const time = new Date().toISOString();
  const event: LiveEvent = { t: 'event', topic, id, type: 'bench', time, data };
  return broker.publish({
    exchange: LIVE_TOPICS_EXCHANGE,
    routingKey: kind === 'gateway' ? shardKey(shardOf(topic)) : kind,
    messageId: id,
    contentType: 'application/json',
    headers: { [LIVE_HEADERS.topic]: topic },
    transient: true,
    body: Buffer.from(JSON.stringify(event)),
  });
}
