import type { Database } from '@payfan/database';
import {
  openAdminDatabase,
  startPayfan,
  startProgram,
  type Payfan,
  type PayfanOptions,
  type Program,
} from '@payfan/stack/testing';
import { openCrowd, type Member } from './crowd.ts';

export interface FleetOptions extends PayfanOptions {
  /** People with accounts of their own, beside those of the demo. */
  members?: number;
}

/** Settings of a gateway in a test: nobody is turned away for coming from the same machine as everybody else. */
const ROOMY = {
  CONNECTIONS_PER_ACCOUNT: '100000',
  CONNECTIONS_PER_ADDRESS: '100000',
  HANDSHAKES_MAX: '100000',
  LOG_LEVEL: 'warn',
};

/** All of Payfan, with as many gateways as a test wants, each with settings of its own. */
export class Fleet {
  readonly payfan: Payfan;
  readonly members: readonly [Member, Member, ...Member[]];
  readonly #database: Database;
  readonly #gateways: Program[] = [];

  private constructor(payfan: Payfan, members: readonly [Member, Member, ...Member[]]) {
    this.payfan = payfan;
    this.members = members;
    this.#database = openAdminDatabase({ url: payfan.database.adminUrl, name: 'fleet', max: 2 });
  }

  static async start({ members = 2, ...options }: FleetOptions = {}): Promise<Fleet> {
    const payfan = await startPayfan(options);
    return new Fleet(payfan, await openCrowd(payfan.database.adminUrl, members));
  }

  /** A further gateway. `env` says where it finds others, if not where they are, and what else is to be so. */
  async gateway(env: Record<string, string> = {}): Promise<Program> {
    const program = await startProgram({
      name: 'gateway',
      entry: 'services/gateway/dist/main.js',
      env: {
        AMQP_URL: this.payfan.vhost.urlFor('gateway'),
        TRANSACTION_URL: this.payfan.url('transaction'),
        PUSH_URL: this.payfan.url('push'),
        SERVICE_KEY: 'key-of-gateway',
        ...ROOMY,
        ...env,
      },
    });
    this.#gateways.push(program);
    return program;
  }

  /** Transfers between people, the opening of accounts not among them. */
  async transfers(): Promise<number> {
    const [row] = await this.#database.query<{ count: number }>({
      text: `select count(*) from transaction.transfers t
             join transaction.accounts a on a.id = t.payer_id and a.kind = 'person'`,
    });
    return row?.count ?? 0;
  }

  /** The last number of every topic's log. */
  async heads(): Promise<Map<string, number>> {
    const rows = await this.#database.query<{ topic: string; last: number }>({
      text: `select 'account.' || account_id as topic, last_seq as last from push.feed_heads`,
    });
    return new Map(rows.map(({ topic, last }) => [topic, last]));
  }

  /** Whether every transfer is in the feeds of both of its people. */
  async isTold(): Promise<boolean> {
    const entries = [...(await this.heads()).values()].reduce((sum, last) => sum + last, 0);
    return entries === 2 * (await this.transfers());
  }

  async stop(): Promise<void> {
    await Promise.all(this.#gateways.map((program) => program.kill()));
    await this.#database.stop();
    await this.payfan.stop();
  }
}
