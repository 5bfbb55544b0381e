import type { Tier } from '@payfan/contracts';
import type { Database } from '@payfan/database';
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

/** The name of the service that has the key `demo_service`, for people who try out a back end of their own. */
export const DEMO_SERVICE = 'demo';
/** What it may do: the topics of docs/examples, and what accounts may follow too. */
export const DEMO_GRANTS = ['public', 'orders', 'quotes'].flatMap((topics) => [
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

/** Opens the demo accounts, their opening balances paid by the treasury, and their keys. Repeating it changes nothing. */
export async function openDemoAccounts(database: Database): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query({ text: `select pg_advisory_xact_lock(hashtext('payfan.demo-accounts'))` });
    for (const { id, openingTransferId, name, phone, email, tier, opensWithPaise, key } of DEMO_PEOPLE) {
      await tx.query({
        text: 'select open_account($1, $2, $3, $4, $5, $6, $7, $8)',
        values: [id, name, phone, email, tier, TREASURY_ID, openingTransferId, opensWithPaise],
      });
      await addKey(tx, key, { role: 'account', accountId: id, name });
    }
    await addKey(tx, 'demo_operator', { role: 'operator', accountId: null, name: 'operator' });
    await addKey(tx, 'demo_service', { role: 'service', accountId: null, name: DEMO_SERVICE });
  });
}
