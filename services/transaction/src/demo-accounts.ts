import type { Tier } from '@payfan/contracts';
import type { Database } from '@payfan/database';
import type { KnownKey } from './key-owners.ts';

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

/** What the service of `demo_service` may do: the topics of docs/examples, and what accounts may follow too. */
const DEMO_GRANTS = ['public', 'orders', 'quotes'].flatMap((topics) => [
  `follow:${topics}.*`,
  `publish:${topics}.*`,
]);

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

/** The demo's keys, which the README names. They are valid only while PAYFAN_DEMO is true. */
export const DEMO_KEYS: readonly KnownKey[] = [
  ...DEMO_PEOPLE.map(({ id, key }): KnownKey => ({ key, owner: { kind: 'account', accountId: id } })),
  { key: 'demo_operator', owner: { kind: 'operator', name: 'operator' } },
  // For people who try out a back end of their own.
  { key: 'demo_service', owner: { kind: 'service', name: 'demo', grants: DEMO_GRANTS } },
];

/** Opens the demo accounts, whose opening balances the treasury pays. Repeating it changes nothing. */
export async function openDemoAccounts(database: Database): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query({ text: `select pg_advisory_xact_lock(hashtext('payfan.demo-accounts'))` });
    for (const { id, openingTransferId, name, phone, email, tier, opensWithPaise } of DEMO_PEOPLE) {
      await tx.query({
        text: 'select transaction.open_account($1, $2, $3, $4, $5, $6, $7, $8)',
        values: [id, name, phone, email, tier, TREASURY_ID, openingTransferId, opensWithPaise],
      });
    }
  });
}
