import type { Queryable } from '@payfan/database';
import { generateSigningKey, type Principal } from '@payfan/service';

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

type SigningKey = Awaited<ReturnType<typeof generateSigningKey>>;

/**
 * The private key that signs tokens: one for the whole fleet, made by whichever process comes first. It
 * lives in the database, so that every instance signs alike and tokens outlive a restart.
 */
export async function signingKey(db: Queryable): Promise<SigningKey> {
  const find = async () => {
    const [row] = await db.query<{ private: SigningKey }>({
      text: 'select private from signing_keys order by created_at, id limit 1',
    });
    return row?.private;
  };
  const found = await find();
  if (found !== undefined) return found;
  await db.query({
    text: `insert into signing_keys (id, private) values ('first', $1) on conflict do nothing`,
    values: [JSON.stringify(await generateSigningKey())],
  });
  const made = await find();
  if (made === undefined) throw new Error('the signing key was written and cannot be read back');
  return made;
}
