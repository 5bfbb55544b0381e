import type { Tier } from '@payfan/contracts';
import type { Database, Queryable } from '@payfan/database';
import { addKey } from './credential-store.ts';

/** Fixed ids, so that opening them again is no change and examples stay true. */
const TREASURY_ID = '00000000-0000-7000-8000-000000000001';
const DEMO_PEOPLE: DemoPerson[] = [
  {
    id: '00000000-0000-7000-8000-0000000a54a0',
    openingTransferId: '00000000-0000-7000-8000-0000000a54a1',
    name: 'Asha Rao',
    phone: '+917010233310',
    email: 'asha@example.com',
    tier: 'premium',
    opensWithPaise: 1_00_000_00,
    key: 'demo_asha',
  },
  {
    id: '00000000-0000-7000-8000-0000000a4710',
    openingTransferId: '00000000-0000-7000-8000-0000000a4711',
    name: 'Ravi Kumar',
    phone: '+917010233311',
    email: 'ravi@example.com',
    tier: 'free',
    opensWithPaise: 1_000_00,
    key: 'demo_ravi',
  },
  {
    id: '00000000-0000-7000-8000-00000003ee10',
    openingTransferId: '00000000-0000-7000-8000-00000003ee11',
    name: 'Meera Iyer',
    phone: '+917010233312',
    email: 'meera@example.com',
    tier: 'free',
    opensWithPaise: 1_000_00,
    key: 'demo_meera',
  },
];

interface DemoPerson {
  id: string;
  openingTransferId: string;
  name: string;
  phone: string;
  email: string;
  tier: Tier;
  opensWithPaise: number;
  key: string;
}

/** Opens the demo accounts, their opening balances paid by the treasury, and their keys. Repeating it changes nothing. */
export async function openDemoAccounts(database: Database): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query({ text: `select pg_advisory_xact_lock(hashtext('payfan.demo-accounts'))` });
    await tx.query({
      text: `insert into accounts (id, kind, name) values ($1, 'system', 'Treasury') on conflict do nothing`,
      values: [TREASURY_ID],
    });
    for (const person of DEMO_PEOPLE) await openAccount(tx, person);
    await addKey(tx, 'demo_operator', { role: 'operator', accountId: null, name: 'operator' });
  });
}

async function openAccount(tx: Queryable, person: DemoPerson): Promise<void> {
  const { id, name, phone, email, tier, opensWithPaise } = person;
  const opened = await tx.query({
    text: `insert into accounts (id, kind, name, phone, email, tier, balance)
           values ($1, 'person', $2, $3, $4, $5, $6) on conflict (id) do nothing returning 1`,
    values: [id, name, phone, email, tier, opensWithPaise],
  });
  await addKey(tx, person.key, { role: 'account', accountId: id, name });
  if (opened.length === 0) return;
  await tx.query({
    text: `insert into transfers (id, payer_id, payee_id, amount, currency, note, lane, created_at)
           values ($1, $2, $3, $4, 'INR', 'opening balance', 'interactive', now())`,
    values: [person.openingTransferId, TREASURY_ID, id, opensWithPaise],
  });
  await tx.query({
    text: `with treasury as (
             update accounts set balance = balance - $4 where id = $2 returning balance
           )
           insert into entries (transfer_id, account_id, amount, balance, created_at)
           select $1::uuid, $2::uuid, -$4::bigint, treasury.balance, now() from treasury
           union all
           select $1::uuid, $3::uuid, $4::bigint, $4::bigint, now()`,
    values: [person.openingTransferId, TREASURY_ID, id, opensWithPaise],
  });
}
