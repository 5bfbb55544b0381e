import { createHash } from 'node:crypto';
import type { Database, Queryable } from '@payfan/database';
import { generateSigningKey, type Principal } from '@payfan/service';
import type { ServiceGrants } from './service-grants.ts';
import type { ServiceKey } from './service-keys.ts';

/** API keys and the keys that sign tokens. API keys are kept as SHA-256 only. */
const hashKey = (key: string): Buffer => createHash('sha256').update(key).digest();

interface KeyRow {
  role: Principal['kind'];
  account_id: string | null;
  name: string;
  tier: 'premium' | 'free' | null;
}

/** Whose key this is; undefined if it is nobody's, or was revoked. */
export async function findPrincipal(
  db: Queryable,
  key: string,
  grants: ServiceGrants,
): Promise<Principal | undefined> {
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
      return { kind: 'service', name: row.name, grants: grants.get(row.name) ?? [] };
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

/** A key that is to be a service's is somebody else's. */
class KeyTakenError extends Error {
  override readonly name = 'KeyTakenError';
  constructor() {
    super(
      'a key in SERVICE_KEYS is already that of an account, an operator or a service of another name; ' +
        'choose another, long and random',
    );
  }
}

/**
 * Makes these the keys of their services, and revokes what else there is under their names. Services that are
 * not named keep theirs. Repeating it changes nothing.
 *
 * @throws KeyTakenError if one of them is somebody else's; then nothing has changed.
 */
export async function setServiceKeys(database: Database, keys: readonly ServiceKey[]): Promise<void> {
  if (keys.length === 0) return;
  const values = [keys.map(({ name }) => name), keys.map(({ key }) => hashKey(key))];
  await database.transaction(async (tx) => {
    // Instances that start together would lock the same rows crosswise.
    await tx.query({ text: `select pg_advisory_xact_lock(hashtext('payfan.service-keys'))` });
    const valid = await tx.query({
      name: 'service-keys-add',
      text: `insert into api_keys as k (role, name, hash)
             select 'service', name, hash from unnest($1::text[], $2::bytea[]) as n(name, hash)
             on conflict (hash) do update set revoked_at = null
             where k.role = 'service' and k.name = excluded.name
             returning k.name`,
      values,
    });
    if (valid.length !== keys.length) throw new KeyTakenError();
    await tx.query({
      name: 'service-keys-revoke-others',
      text: `update api_keys set revoked_at = now()
             where role = 'service' and name = any ($1::text[]) and hash <> all ($2::bytea[])
               and revoked_at is null`,
      values,
    });
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
