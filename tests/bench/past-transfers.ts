import { openDatabase, type Database } from '@payfan/database';

/** All of them were made within so many days before now: younger than anything that is removed for its age. */
const DAYS = 20;
/** Transfers in one statement. */
const PORTION = 250_000;

/** Transfers that were made before the measuring began, as numbers from 0. */
export interface PastTransfers {
  count: number;
  /** Of the first of them, in milliseconds since 1970. */
  beganMs: number;
  /** From one to the next. */
  everyMs: number;
}

/** The id of one of them: like a UUIDv7 it begins with its time. */
export function pastTransferId({ beganMs, everyMs }: PastTransfers, n: number): string {
  const time = Math.floor(beganMs + n * everyMs)
    .toString(16)
    .padStart(12, '0');
  const tail = n.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${tail}`;
}

/**
 * Writes so many transfers between the first `accounts` people of the benchmarks, with all that the services keep
 * of each: two entries, the answer under its key, and two SMS. In bulk, as an administrator, past the services.
 */
export async function writePastTransfers(
  adminUrl: string,
  { accounts, count }: { accounts: number; count: number },
): Promise<PastTransfers> {
  const everyMs = (DAYS * 86_400_000) / count;
  const past = { count, beganMs: Date.now() - DAYS * 86_400_000, everyMs };
  await inBulk(adminUrl, (database) => defineFunctions(database, past, accounts));
  await Promise.all([
    inBulk(adminUrl, async (database) => {
      // The only index whose order is not that of the rows.
      await run(database, 'alter table transaction.idempotency_keys drop constraint idempotency_keys_pkey');
      await inPortions(database, count, LEDGER);
      await run(database, 'alter table transaction.idempotency_keys add primary key (account_id, key)');
      await run(
        database,
        'vacuum analyze transaction.transfers, transaction.entries, transaction.idempotency_keys',
      );
    }),
    inBulk(adminUrl, async (database) => {
      await inPortions(database, count, DELIVERIES);
      await run(database, 'vacuum analyze phone.deliveries');
    }),
  ]);
  return past;
}

/** What is needed of transfer `n`, the same in whichever table. */
async function defineFunctions(database: Database, past: PastTransfers, accounts: number): Promise<void> {
  const time = `(${past.beganMs} + floor(n * ${past.everyMs}::float8))`;
  const id = (kind: string) =>
    `(lpad(to_hex(${time}::bigint), 12, '0') || '7000${kind}000' || lpad(to_hex(n), 12, '0'))::uuid`;
  const payer = `(n * 7919 % ${accounts})`;
  for (const [name, type, body] of [
    ['time', 'timestamptz', `to_timestamp(${time} / 1000)`],
    ['transfer', 'uuid', id('8')],
    ['event', 'uuid', id('9')],
    ['payer', 'uuid', `bench_account(1 + ${payer})`],
    [
      'payee',
      'uuid',
      `bench_account(1 + (${payer} + 1 + n / ${accounts} % (${accounts} - 1)) % ${accounts})`,
    ],
  ] as const) {
    await run(
      database,
      `create function past_${name}(n bigint) returns ${type} language sql stable parallel safe return ${body}`,
    );
  }
}

/** Each writes what there is of the transfers from `$1` to `$2`. */
const LEDGER = [
  `insert into transaction.transfers (id, payer_id, payee_id, amount, currency, note, lane, created_at)
   select past_transfer(n), past_payer(n), past_payee(n), 1, 'INR', '', 'interactive', past_time(n)
   from generate_series($1::bigint, $2) n`,
  `insert into transaction.entries (transfer_id, account_id, amount, balance, created_at)
   select past_transfer(n), side.account_id, side.amount, 1000000, past_time(n)
   from generate_series($1::bigint, $2) n,
        lateral (values (past_payer(n), -1), (past_payee(n), 1)) as side (account_id, amount)`,
  `insert into transaction.idempotency_keys (account_id, key, fingerprint, status, response, created_at)
   select past_payer(n), gen_random_uuid()::text, sha256(n::text::bytea), 201,
          json_build_object('id', past_transfer(n), 'status', 'completed', 'from', '+919000000001', 'to', '+919000000002',
                            'amount', 1, 'currency', 'INR', 'note', '', 'createdAt', past_time(n))::text,
          past_time(n)
   from generate_series($1::bigint, $2) n`,
];
const DELIVERIES = [
  `insert into phone.deliveries (event_id, role, transfer_id, account_id, recipient, status, attempts, provider,
                                 reference, committed_at, created_at, sent_at)
   select past_event(n), side.role, past_transfer(n), side.account_id, '+919000000001', 'sent', 1, 'gateway-1',
          past_event(n)::text, past_time(n), past_time(n), past_time(n)
   from generate_series($1::bigint, $2) n,
        lateral (values ('payee', past_payee(n)), ('payer', past_payer(n))) as side (role, account_id)`,
];

async function inPortions(database: Database, count: number, texts: readonly string[]): Promise<void> {
  for (let first = 0; first < count; first += PORTION) {
    const values = [first, Math.min(first + PORTION, count) - 1];
    for (const text of texts) await database.query({ text, values });
  }
}

/** On one connection that takes its time, trusts us with foreign keys, and does not wait for the disk. */
async function inBulk(adminUrl: string, work: (database: Database) => Promise<void>): Promise<void> {
  const database = openDatabase({ url: adminUrl, name: 'bench', max: 1 });
  try {
    for (const setting of [
      'statement_timeout = 0',
      'synchronous_commit = off',
      'session_replication_role = replica',
      `maintenance_work_mem = '512MB'`,
    ]) {
      await run(database, `set ${setting}`);
    }
    await work(database);
  } finally {
    await database.stop();
  }
}

const run = (database: Database, text: string) => database.query({ text });
