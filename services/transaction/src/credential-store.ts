import { createHash } from 'node:crypto';
import type { Queryable } from '@payfan/database';
import { generateSigningKey, type Principal } from '@payfan/service';

/** API keys and the keys that sign tokens. API keys are kept as SHA-256 only. */
const hashKey = (key: string): Buffer => createHash('sha256').update(key).digest();

interface KeyRow {
  role: Principal['kind'];
  account_id: string | null;
  name: string;
  tier: 'premium' | 'free' | null;
}

/** Whose key this is; undefined if it is nobody's, or was revoked. */
export async function findPrincipal(db: Queryable, key: string): Promise<Principal | undefined> {
  const [row] = await db.query<KeyRow>({
    name: 'api-key-find',
    text: `select k.role, k.account_id, k.name, a.tier
           from api_keys k left join accounts a on a.id = k.account_id
           where k.hash = $1 and k.revoked_at is null`,
    values: [hashKey(key)],
  });
  if (row === undefined) return undefined;
  switch (row.role) {
    case 'account':
      if (row.account_id === null || row.tier === null) return undefined;
      return { kind: 'account', accountId: row.account_id, tier: row.tier };
    case 'operator':
      return { kind: 'operator' };
    case 'service':
      return { kind: 'service', name: row.name };
  }
}

/** Records a key by its hash; one that is there already is left as it is. */
export async function addKey(
  db: Queryable,
  key: string,
  owner: { role: Principal['kind']; accountId: string | null; name: string },
): Promise<void> {
  await db.query({
    name: 'api-key-add',
    text: `insert into api_keys (hash, role, account_id, name) values ($1, $2, $3, $4) on conflict do nothing`,
    values: [hashKey(key), owner.role, owner.accountId, owner.name],
  });
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
