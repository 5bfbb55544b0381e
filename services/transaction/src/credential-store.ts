import type { Queryable } from '@payfan/database';
import type { Principal } from '@payfan/service';

interface KeyRow {
  role: 'account' | 'operator';
  account_id: string | null;
  name: string;
  tier: 'premium' | 'free' | null;
}

/**
 * The owner of the API key with this SHA-256 hash; undefined if there is none, or it was revoked. No service has a
 * row: its keys come from the environment alone.
 */
export async function findKeyOwner(db: Queryable, hash: Buffer): Promise<Principal | undefined> {
  const [row] = await db.query<KeyRow>({
    name: 'api-key-find',
    text: 'select role, account_id, name, tier from find_key_owner($1)',
    values: [hash],
  });
  if (row === undefined) return undefined;
  if (row.role === 'operator') return { kind: 'operator', name: row.name };
  if (row.account_id === null || row.tier === null) return undefined;
  return { kind: 'account', accountId: row.account_id, tier: row.tier };
}

/** A person's account as the owner of a key, or undefined if the account does not exist. */
export async function findAccountOwner(db: Queryable, accountId: string): Promise<Principal | undefined> {
  const [row] = await db.query<{ tier: 'premium' | 'free' }>({
    name: 'account-owner-find',
    text: `select tier from accounts where id = $1 and kind = 'person'`,
    values: [accountId],
  });
  return row && { kind: 'account', accountId, tier: row.tier };
}
