import { randomUUID } from 'node:crypto';
import { openDatabase, type Database } from '@payfan/database';
import { BrokerAdmin } from '@payfan/messaging/testing';
import { createTokenIssuer, TOKEN_LIFETIME_SECONDS, type Principal } from '@payfan/service';
import { startPayfan, startProgram, waitFor, type Payfan, type Program } from '@payfan/stack/testing';

const PHONES: Record<string, string> = { demo_ravi: '7010233311', demo_meera: '7010233312' };

/** Services with grants for what the demo's service may not do. */
const BACK_ENDS = {
  rooms: 'follow:account.*|follow:room.*|publish:room.*|publish:roomy',
  watcher: 'follow:payout.*|publish:public.*',
};
type SigningKey = Parameters<typeof createTokenIssuer>[0];

/** All of Payfan, and as many further gateways as a test wants. */
export class World {
  readonly payfan: Payfan;
  readonly admin: Database;
  readonly broker: BrokerAdmin;
  readonly #push: Database;
  readonly #programs: Program[] = [];
  readonly #accountIds = new Map<string, string>();

  private constructor(payfan: Payfan) {
    this.payfan = payfan;
    this.admin = openDatabase({ url: payfan.database.adminUrl, name: 'admin', max: 2 });
    this.broker = new BrokerAdmin(payfan.vhost);
    this.#push = openDatabase({ url: payfan.database.urlFor('push'), name: 'test', max: 2 });
  }

  static async start(): Promise<World> {
    return new World(await startPayfan({ backEnds: BACK_ENDS }));
  }

  /** The gateway that came with Payfan. */
  get url(): string {
    return this.payfan.url('gateway');
  }

  /** A gateway with settings of its own. */
  async gateway(env: Record<string, string> = {}): Promise<Program> {
    const program = await startProgram({
      name: 'gateway',
      entry: 'services/gateway/dist/main.js',
      env: {
        AMQP_URL: this.payfan.vhost.urlFor('gateway'),
        TRANSACTION_URL: this.payfan.url('transaction'),
        PUSH_URL: this.payfan.url('push'),
        PAYOUT_URL: this.payfan.url('payout'),
        SERVICE_KEY: 'key-of-gateway',
        ...env,
      },
    });
    this.#programs.push(program);
    return program;
  }

  /** Asha pays somebody, one time after the other. Resolves when it is in the payee's feed. */
  async pay(times = 1, payee = 'demo_ravi'): Promise<void> {
    const topic = await this.topic(payee);
    const before = await this.head(topic);
    for (let time = 0; time < times; time += 1) {
      const response = await fetch(`${this.payfan.url('transaction')}/v1/transfers`, {
        method: 'POST',
        headers: {
          authorization: 'Bearer demo_asha',
          'idempotency-key': randomUUID(),
          'content-type': 'application/json',
        },
        body: JSON.stringify({ to: PHONES[payee], amount: 100, currency: 'INR', note: '' }),
      });
      if (response.status !== 201) throw new Error(`transfer answered ${response.status}`);
      await response.body?.cancel();
    }
    await waitFor(async () => (await this.head(topic)) >= before + times, {
      what: `${times} entries more in the feed of ${payee}`,
    });
  }

  /** The topic of one of the demo's people: `demo_ravi`. */
  async topic(key: string): Promise<string> {
    let id = this.#accountIds.get(key);
    if (id === undefined) {
      const response = await fetch(`${this.payfan.url('transaction')}/v1/accounts/me`, {
        headers: { authorization: `Bearer ${key}` },
      });
      ({ id } = (await response.json()) as { id: string });
      this.#accountIds.set(key, id);
    }
    return `account.${id}`;
  }

  async token(key: string): Promise<string> {
    const response = await fetch(`${this.payfan.url('transaction')}/v1/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
    });
    return ((await response.json()) as { token: string }).token;
  }

  /** A token of one of the demo's people, as if it had been issued so that it ends in so many seconds. */
  async tokenFor(key: string, secondsLeft: number): Promise<string> {
    const issuer = await createTokenIssuer(
      await this.signingKey(),
      () => Date.now() - (TOKEN_LIFETIME_SECONDS - secondsLeft) * 1_000,
    );
    const accountId = (await this.topic(key)).slice('account.'.length);
    return (await issuer.issue({ kind: 'account', accountId, tier: 'free' })).token;
  }

  /** A token that says this of its owner, as transaction would sign it. */
  async tokenOf(principal: Principal): Promise<string> {
    return (await (await createTokenIssuer(await this.signingKey())).issue(principal)).token;
  }

  /** The private key by which transaction signs tokens. */
  async signingKey(): Promise<SigningKey> {
    const [row] = await this.admin.query<{ key: SigningKey }>({
      text: 'select private as key from transaction.signing_keys',
    });
    if (row === undefined) throw new Error('transaction has no signing key yet');
    return row.key;
  }

  /** Entries of a feed that nobody is told about, as if push had died between its commit and the broker. */
  async writeUntold(topic: string, count: number): Promise<void> {
    await this.admin.query({
      text: `with head as (
               update push.feed_heads set last_seq = last_seq + $2 where account_id = $1 returning last_seq
             )
             insert into push.feed_events (account_id, seq, event_id, type, data)
             select $1, last_seq - $2 + n, gen_random_uuid(), 'transfer.credited', '{"amount": 100}'
             from head, generate_series(1, $2) n`,
      values: [topic.slice('account.'.length), count],
    });
  }

  /** The last number of a topic's log. */
  async head(topic: string): Promise<number> {
    const [row] = await this.admin.query<{ last: number }>({
      text: 'select last_seq as last from push.feed_heads where account_id = $1',
      values: [topic.slice('account.'.length)],
    });
    return row?.last ?? 0;
  }

  /** Retention, as if everything up to this number had become old. */
  async forgetUpTo(topic: string, seq: number): Promise<void> {
    await this.admin.query({
      text: `update push.feed_events set created_at = created_at - interval '91 days'
             where account_id = $1 and seq <= $2`,
      values: [topic.slice('account.'.length), seq],
    });
    await this.#push.query({ text: `select forget_feed_events(90, '-infinity', 1000)` });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop()));
    await Promise.all([this.admin.stop(), this.#push.stop()]);
    await this.payfan.stop();
  }
}
