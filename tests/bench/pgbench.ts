import { execFile } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/**
 * The work of one transfer as anybody would write it: a transaction of its own that locks both accounts in
 * order, moves the money, and writes transfer, two entries, the idempotency record and the outbox row.
 */
const SCRIPT = `\\set a random(1, :accounts)
\\set b 1 + (:a - 1 + random(1, :accounts - 1)) % :accounts
\\set low least(:a, :b)
\\set high greatest(:a, :b)
begin;
select id, balance from transaction.accounts where id = bench_account(:low) for no key update;
select id, balance from transaction.accounts where id = bench_account(:high) for no key update;
update transaction.accounts set balance = balance - 1 where id = bench_account(:a);
update transaction.accounts set balance = balance + 1 where id = bench_account(:b);
with moved as (
  insert into transaction.transfers (id, payer_id, payee_id, amount, currency, note, lane, created_at)
  values (gen_random_uuid(), bench_account(:a), bench_account(:b), 1, 'INR', '', 'interactive', now()) returning *
), noted as (
  insert into transaction.idempotency_keys (account_id, key, fingerprint, status, response, created_at)
  select payer_id, id::text, sha256(id::text::bytea), 201, to_jsonb(moved), now() from moved
), announced as (
  insert into transaction.outbox (event_id, exchange, routing_key, body, leased_by, leased_until)
  select id, 'payments', 'transfer.completed.interactive', rpad(to_jsonb(moved)::text, 900), id, now() from moved
)
insert into transaction.entries (transfer_id, account_id, amount, balance, created_at)
select id, payer_id, -1, 0, now() from moved union all select id, payee_id, 1, 0, now() from moved;
commit;
`;

class NoPgbench extends Error {
  override readonly name = 'NoPgbench';
  constructor() {
    super('There is no pgbench here to compare with. On Debian: apt-get install postgresql-contrib');
  }
}

export interface PgbenchOptions {
  /** As a role that may do everything. */
  url: string;
  accounts: number;
  clients: number;
  seconds: number;
}

/** Transactions a second. */
export async function pgbench({ url, accounts, clients, seconds }: PgbenchOptions): Promise<number> {
  const script = path.join(tmpdir(), `payfan-pgbench-${process.pid}.sql`);
  writeFileSync(script, SCRIPT);
  const { stdout } = await execute(
    findPgbench(),
    [
      '--no-vacuum',
      '--protocol=prepared',
      ['--client', String(clients)],
      ['--jobs', '2'],
      ['--time', String(seconds)],
      ['--define', `accounts=${accounts}`],
      ['--file', script],
      url,
    ].flat(),
  );
  const tps = /tps = ([\d.]+)/.exec(stdout)?.[1];
  if (tps === undefined) throw new Error(`pgbench said nothing of its speed: ${stdout}`);
  return Number(tps);
}

/** On the PATH, or where Debian puts it. */
function findPgbench(): string {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...(process.env.PATH ?? '').split(path.delimiter),
    ...versions.map((version) => path.join(root, version, 'bin')),
  ];
  const folder = folders.find((one) => existsSync(path.join(one, 'pgbench')));
  if (folder === undefined) throw new NoPgbench();
  return path.join(folder, 'pgbench');
}
