import { openDatabase, type Database } from '@payfan/database';
import { startPayfan, startServers, type Payfan } from '@payfan/stack/testing';
import { openBenchAccounts } from './bench-accounts.ts';
import { closedLoad } from './closed-load.ts';
import type { BenchOptions, Figure } from './figure.ts';
import { pastTransferId, writePastTransfers, type PastTransfers } from './past-transfers.ts';
import { sharedPages } from './proc-stat.ts';
import { overRounds, ratios } from './rounds.ts';
import { serviceBackends } from './service-backends.ts';
import { transferRequest } from './transfer-request.ts';

const ACCOUNTS = 1_000;
const CLIENTS = 64;
/** A round is so many slices of a second of each, in turns: neighbours on the machine change from second to second. */
const SLICES = 6;
/** Of the largest system's transfers. */
const SHARES = [1 / 500, 1 / 5, 1] as const;
/** A connection that maps fewer pages than this for a request has what it needs: a fault (15 µs) maps up to 16 of them. */
const SETTLED_PAGES = 0.2;
const SETTLE_SECONDS = 5;
/** It takes ten; a system that has not settled by then never will. */
const SETTLE_TURNS = 60;

/** What is counted in a second. */
type What = 'transfers' | 'lookups of the latest' | 'lookups of any';

/** One of several systems that differ in how much they remember. */
interface Grown {
  size: number;
  payfan: Payfan;
  /** May see everything. */
  database: Database;
  past: PastTransfers;
  rates: Record<What, number[]>;
}

/**
 * Tables grow, and nothing may become slower for it: transfers a second, and lookups of how people were told of a
 * transfer. These once of as many of the latest of those written beforehand as the smallest system has at all, so that
 * only the tables differ; and once of any of them at random, so that memory has to hold all of them as well.
 * Three systems side by side, measured in turns, on one PostgreSQL server that has the same little memory of its own
 * for each. Keys of clients are random, as they are in life: each lands anywhere in its index.
 */
export async function growthRows({ growthTransfers, rounds, say }: BenchOptions): Promise<Figure[]> {
  const servers = await startServers();
  const systems: Grown[] = [];
  try {
    const server = servers.infrastructure.adminUrl;
    // Without room for it, filling would be one checkpoint after the other.
    await setting(server, `alter system set max_wal_size = '16GB'`);
    for (const share of SHARES) {
      const size = Math.round(share * growthTransfers);
      systems.push(await grow(await startPayfan({ servers: servers.infrastructure }), size, say));
    }
    await setting(server, 'alter system reset max_wal_size');
    await servers.rabbitmq[0].server.kill();
    const among = Math.min(...systems.map(({ size }) => size));
    const works: [What, Work][] = [
      ['transfers', pay],
      ['lookups of the latest', lookUp(among)],
      ['lookups of any', lookUp(Infinity)],
    ];
    for (const [what, work] of works) {
      // Else lookups would write out what transfers have changed, a page for each that they need.
      await setting(server, 'checkpoint');
      await settle(systems, work);
      for (let round = 1; round <= rounds; round += 1) {
        const rates = await inSlices(systems, work);
        systems.forEach((system, index) => system.rates[what].push(rates[index] ?? Number.NaN));
        const told = systems.map(({ size }, index) => `${rates[index]?.toFixed(0)} (${size})`);
        say(`  ${what} a second, round ${round}: ${told.join(', ')}`);
      }
    }
    return works.flatMap(([what]) => figures(what, systems));
  } finally {
    await Promise.all(systems.map(({ database }) => database.stop()));
    await Promise.all(systems.map(({ payfan }) => payfan.stop()));
    await servers.stop();
  }
}

/** Fills a system, of which only what is measured goes on running. */
async function grow(payfan: Payfan, size: number, say: (line: string) => void): Promise<Grown> {
  await Promise.all(['push', 'email', 'operations', 'sandbox'].map((name) => payfan.program(name).stop()));
  await openBenchAccounts(payfan.database.adminUrl, ACCOUNTS);
  const beganMs = performance.now();
  const past = await writePastTransfers(payfan.database.adminUrl, { accounts: ACCOUNTS, count: size });
  say(`  wrote ${size} transfers in ${((performance.now() - beganMs) / 1_000).toFixed(0)} s`);
  const rates = { transfers: [], 'lookups of the latest': [], 'lookups of any': [] };
  const database = openDatabase({ url: payfan.database.adminUrl, name: 'bench', max: 1 });
  return { size, payfan, database, past, rates };
}

/**
 * Works until connections have what they need. Each is a process that maps each page of PostgreSQL's buffers for itself
 * when it first touches it, which can cost more than the rest of a request, and far more pages are touched where more
 * is remembered. In a system that has run for a minute that is over.
 */
async function settle(systems: readonly Grown[], work: Work): Promise<void> {
  for (let turn = 0; turn < SETTLE_TURNS; turn += 1) {
    let most = 0;
    for (const system of systems) {
      const before = await mappedPages(system.database);
      const done = SETTLE_SECONDS * (await work(system, SETTLE_SECONDS));
      const after = await mappedPages(system.database);
      const added = [...after].map(([pid, pages]) => pages - (before.get(pid) ?? 0));
      most = Math.max(most, added.reduce((sum, more) => sum + more, 0) / done);
    }
    if (most < SETTLED_PAGES) return;
  }
  throw new Error(
    `PostgreSQL's connections still touched new memory after ${SETTLE_TURNS * SETTLE_SECONDS} s`,
  );
}

/** Of the buffers, by each of the services' connections. What a statement needs for itself comes and goes, and is not counted. */
async function mappedPages(database: Database): Promise<Map<number, number>> {
  const backends = await serviceBackends(database);
  return new Map(backends.map(({ pid }) => [pid, sharedPages(pid)]));
}

type Work = (system: Grown, seconds: number) => Promise<number>;

/** How much each does in a second; each is the first, in its turn. */
async function inSlices(systems: readonly Grown[], work: Work): Promise<number[]> {
  const sums = systems.map(() => 0);
  for (let slice = 0; slice < SLICES; slice += 1) {
    for (let turn = 0; turn < systems.length; turn += 1) {
      const index = (slice + turn) % systems.length;
      const system = systems[index];
      if (system !== undefined) sums[index] = (sums[index] ?? 0) + (await work(system, 1));
    }
  }
  return sums.map((sum) => sum / SLICES);
}

const payment = () => transferRequest(ACCOUNTS, crypto.randomUUID());
const pay: Work = async ({ payfan }, seconds) => {
  const load = { accounts: ACCOUNTS, clients: CLIENTS, seconds, request: payment };
  return (await closedLoad({ ...load, url: payfan.url('transaction') })).perSecond;
};
/** Of any among so many of the latest. */
const lookUp =
  (among: number): Work =>
  async ({ payfan, past }, seconds) => {
    const load = { accounts: ACCOUNTS, clients: CLIENTS, seconds, request: () => lookup(past, among) };
    return (await closedLoad({ ...load, url: payfan.url('phone') })).perSecond;
  };

function lookup(past: PastTransfers, among: number): string {
  const age = Math.floor(Math.random() * Math.min(among, past.count));
  const id = pastTransferId(past, past.count - 1 - age);
  return (
    `GET /v1/deliveries?transferId=${id} HTTP/1.1\r\nHost: 127.0.0.1\r\n` +
    'Authorization: Bearer demo_operator\r\n\r\n'
  );
}

function figures(what: What, systems: readonly Grown[]): Figure[] {
  const [smallest] = systems;
  const largest = systems.at(-1);
  if (smallest === undefined || largest === undefined) return [];
  return [
    ...systems.map((system) =>
      overRounds({ what: `${what}, over ${system.size} transfers`, unit: '/s' }, system.rates[what]),
    ),
    overRounds(
      { what: `${what}, over ${largest.size} against ${smallest.size}`, unit: '×', atLeast: 0.9 },
      ratios(largest.rates[what], smallest.rates[what]),
    ),
  ];
}

async function setting(adminUrl: string, text: string): Promise<void> {
  const database = openDatabase({ url: adminUrl, name: 'bench', max: 1 });
  await database.query({ text: 'set statement_timeout = 0' });
  await database.query({ text });
  await database.query({ text: 'select pg_reload_conf()' });
  await database.stop();
}
