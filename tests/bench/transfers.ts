import { startPayfan, startServers, type Payfan, type Servers } from '@payfan/stack/testing';
import { openBenchAccounts } from './bench-accounts.ts';
import { closedLoad } from './closed-load.ts';
import type { BenchOptions, Figure } from './figure.ts';
import { pgbench } from './pgbench.ts';
import { overRounds, ratios } from './rounds.ts';

const ACCOUNTS = 1_000;
const SECONDS = 6;
/** Until V8 has compiled what runs often, which is no news to a service that runs for months. */
const WARM_UP_SECONDS = 10;
const OTHERS = ['push', 'phone', 'email', 'operations', 'sandbox'];

/**
 * The commit path: transfers through the whole HTTP API, authenticated, validated, idempotent and durable,
 * against pgbench doing the same SQL one transfer a transaction, and against ourselves with one transfer a
 * transaction (`GROUP_MAX=1`). Channels and broker are stopped, so that the outbox grows and nothing else is
 * measured. Rounds alternate, as machines have moods.
 */
export async function transfers({ rounds, say }: BenchOptions): Promise<Figure[]> {
  const servers = await startServers();
  const started: Payfan[] = [];
  try {
    const grouped = await start(servers, {});
    started.push(grouped);
    const ungrouped = await start(servers, { GROUP_MAX: '1' });
    started.push(ungrouped);
    await servers.rabbitmq[0].server.kill();
    for (const payfan of started) await load(payfan, 64, WARM_UP_SECONDS);

    const all: Round[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      const one = await measure(grouped, ungrouped);
      all.push(one);
      const shown = Object.entries<number>({ ...one }).map(
        ([name, value]) => `${name} ${value.toFixed(value < 100 ? 2 : 0)}`,
      );
      say(`  round ${round}: ${shown.join(', ')}`);
    }
    return figures((name) => all.map((one) => one[name]));
  } finally {
    await Promise.all(started.map((payfan) => payfan.stop()));
    await servers.stop();
  }
}

/** Transfers a second; what a client alone waits, in milliseconds. */
interface Round {
  pgbench: number;
  clients64: number;
  clients256: number;
  ungrouped64: number;
  alone: number;
  aloneUngrouped: number;
}

async function measure(grouped: Payfan, ungrouped: Payfan): Promise<Round> {
  const { adminUrl } = grouped.database;
  return {
    pgbench: await pgbench({ url: adminUrl, accounts: ACCOUNTS, clients: 64, seconds: SECONDS }),
    clients64: (await load(grouped, 64)).perSecond,
    ungrouped64: (await load(ungrouped, 64)).perSecond,
    clients256: (await load(grouped, 256)).perSecond,
    alone: (await load(grouped, 1)).p50Ms,
    aloneUngrouped: (await load(ungrouped, 1)).p50Ms,
  };
}

function figures(of: (name: keyof Round) => number[]): Figure[] {
  const against = (what: string, rates: number[], yardstick: number[], limit: Partial<Figure>): Figure =>
    overRounds({ what, unit: '×', ...limit }, ratios(rates, yardstick));
  return [
    overRounds({ what: 'pgbench, 64 clients', unit: '/s' }, of('pgbench')),
    overRounds({ what: '64 clients', unit: '/s' }, of('clients64')),
    overRounds({ what: '256 clients', unit: '/s' }, of('clients256')),
    overRounds({ what: '64 clients, one transfer a commit', unit: '/s' }, of('ungrouped64')),
    against('64 clients against pgbench', of('clients64'), of('pgbench'), { atLeast: 3 }),
    against('256 clients against pgbench', of('clients256'), of('pgbench'), { atLeast: 3 }),
    against('64 clients against one transfer a commit', of('clients64'), of('ungrouped64'), {}),
    overRounds({ what: 'a client alone, p50', unit: 'ms' }, of('alone')),
    overRounds({ what: 'a client alone, one transfer a commit, p50', unit: 'ms' }, of('aloneUngrouped')),
    against('a client alone against one transfer a commit', of('alone'), of('aloneUngrouped'), {
      atMost: 1.2,
    }),
  ];
}

async function start({ infrastructure }: Servers, transaction: Record<string, string>): Promise<Payfan> {
  const payfan = await startPayfan({ servers: infrastructure, environment: { transaction } });
  await openBenchAccounts(payfan.database.adminUrl, ACCOUNTS);
  await Promise.all(OTHERS.map((name) => payfan.program(name).stop()));
  return payfan;
}

const load = (payfan: Payfan, clients: number, seconds = SECONDS) =>
  closedLoad({ url: payfan.url('transaction'), accounts: ACCOUNTS, clients, seconds });
