import { openDatabase } from '@payfan/database';

/** A thousand people who pay each other, with their keys `bench_1` … and phone numbers +919000000001 … */
export async function openBenchAccounts(adminUrl: string, count: number): Promise<void> {
  const database = openDatabase({ url: adminUrl, name: 'bench', max: 1 });
  await database.query({
    text: `create function bench_account(n bigint) returns uuid language sql immutable
             return ('00000000-0000-7000-9000-' || lpad(to_hex(n), 12, '0'))::uuid`,
  });
  await database.query({
    text: `insert into transaction.accounts (id, kind, name, phone, email, balance)
           select bench_account(n), 'person', 'Bench ' || n, '+91' || (9000000000 + n), 'bench' || n || '@example.com',
                  1000000
           from generate_series(1, $1) n`,
    values: [count],
  });
  await database.query({
    text: `insert into transaction.api_keys (hash, role, account_id, name)
           select sha256(('bench_' || n)::bytea), 'account', bench_account(n), 'bench' from generate_series(1, $1) n`,
    values: [count],
  });
  // These alone: a table analysed while empty is planned for as if it stayed so.
  await database.query({ text: 'analyze transaction.accounts, transaction.api_keys' });
  await database.stop();
}

export const benchKey = (n: number): string => `bench_${n}`;
export const benchPhone = (n: number): string => `+91${9_000_000_000 + n}`;
export const benchEmail = (n: number): string => `bench${n}@example.com`;
export const benchAccountId = (n: number): string =>
  `00000000-0000-7000-9000-${n.toString(16).padStart(12, '0')}`;
