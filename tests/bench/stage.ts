import { openDatabase, type Database } from '@payfan/database';
import { startPayfan, startServers, type Payfan, type Servers } from '@payfan/stack/testing';
import { openBenchAccounts } from './bench-accounts.ts';
import { OpenLoad } from './open-load.ts';

const ACCOUNTS = 1_000;

/** The whole of Payfan, with people who can pay each other. */
export interface Stage {
  readonly servers: Servers;
  readonly payfan: Payfan;
  /** May see everything. */
  readonly database: Database;
  readonly accounts: number;
  /** Transfers at a rate, from now until it is stopped. */
  load(perSecond: number): OpenLoad;
}

/** Starts a durable stack, with the sandbox as the outside world, for `work`, and ends it. */
export async function withStage<T>(work: (stage: Stage) => Promise<T>): Promise<T> {
  const servers = await startServers();
  const payfan = await startPayfan({ servers: servers.infrastructure });
  const database = openDatabase({ url: payfan.database.adminUrl, name: 'bench', max: 2 });
  try {
    await openBenchAccounts(payfan.database.adminUrl, ACCOUNTS);
    return await work({
      servers,
      payfan,
      database,
      accounts: ACCOUNTS,
      load: (perSecond) => new OpenLoad({ url: payfan.url('transaction'), accounts: ACCOUNTS, perSecond }),
    });
  } finally {
    await database.stop();
    await payfan.stop();
    await servers.stop();
  }
}
