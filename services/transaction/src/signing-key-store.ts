import type { Database, Queryable } from '@payfan/database';
import type { generateSigningKey } from '@payfan/service';

export type SigningJwk = Awaited<ReturnType<typeof generateSigningKey>>;

/** A key as the database keeps it. */
export interface SigningKeyRow {
  id: string;
  /** A JWK, or the text of one that is encrypted. */
  private: SigningJwk | string;
  /** Since it was made, by the database's clock. */
  ageMs: number;
}

/** All signing keys, the oldest first. */
export async function listSigningKeys(db: Queryable): Promise<SigningKeyRow[]> {
  return db.query<SigningKeyRow>({
    name: 'signing-keys-list',
    text: `select id, private, (extract(epoch from clock_timestamp() - created_at) * 1000)::float8 as "ageMs"
           from signing_keys order by created_at, id`,
  });
}

/** Adds a key; one that has this id already is left as it is. */
export async function addSigningKey(
  db: Queryable,
  { id, private: key }: Omit<SigningKeyRow, 'ageMs'>,
): Promise<void> {
  await db.query({
    name: 'signing-key-add',
    text: `insert into signing_keys (id, private, created_at) values ($1, $2, clock_timestamp())
           on conflict do nothing`,
    values: [id, JSON.stringify(key)],
  });
}

/** Runs alone in the cluster: two processes must not add a key each. */
export function alone<T>(database: Database, work: (tx: Queryable) => Promise<T>): Promise<T> {
  return database.transaction(async (tx) => {
    await tx.query({ text: `select pg_advisory_xact_lock(hashtext('payfan.signing-keys'))` });
    return work(tx);
  });
}

export async function encryptSigningKey(db: Queryable, id: string, encrypted: string): Promise<void> {
  await db.query({ text: 'select encrypt_signing_key($1, $2)', values: [id, encrypted] });
}

/** Removes keys that a newer one replaced so long ago. */
export async function forgetSigningKeys(db: Queryable, replacedForMs: number): Promise<void> {
  await db.query({
    name: 'signing-keys-forget',
    text: 'select forget_signing_keys(make_interval(secs => $1))',
    values: [replacedForMs / 1_000],
  });
}
