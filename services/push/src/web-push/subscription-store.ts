import type { Database, Queryable } from '@payfan/database';
import { newId } from '@payfan/service';

/** A browser to tell, as it describes itself. */
export interface NewSubscription {
  accountId: string;
  /** In its one spelling. */
  endpoint: string;
  p256dh: string;
  auth: string;
  expiresAt: Date | null;
}

/** What came of it. `taken`: the endpoint belongs to somebody who has other keys. */
export type Subscribed = { kind: 'created' | 'updated'; id: string; createdAt: Date } | { kind: 'taken' };

/** Browsers of one account. Who subscribes one more has mostly lost the one not heard of for the longest time. */
export const MOST_SUBSCRIPTIONS = 10;

/** Our corner of advisory locks for this: "Pfwp" in ASCII; with it the account. */
const LOCK_CLASS = 0x5066_7770;

/**
 * Remembers a browser. One that is known under the same endpoint is updated; if it was another account's, it is
 * told no more of that one, provided that its keys prove it the same browser.
 */
export function subscribe(database: Database, wanted: NewSubscription): Promise<Subscribed> {
  return database.transaction(async (tx) => {
    await lockAccount(tx, wanted.accountId);
    await removeOfOthers(tx, wanted);
    const subscribed = await upsert(tx, wanted);
    if (subscribed.kind === 'created') await removeTooMany(tx, wanted.accountId);
    return subscribed;
  });
}

/** Two that subscribe at once must not both find room for one more. */
async function lockAccount(tx: Queryable, accountId: string): Promise<void> {
  await tx.query({
    name: 'web-push-lock-account',
    text: 'select pg_advisory_xact_lock($1, hashtext($2))',
    values: [LOCK_CLASS, accountId],
  });
}

/** Removed rather than handed over: what is still to be sent to it is not the new account's business. */
async function removeOfOthers(
  tx: Queryable,
  { accountId, endpoint, p256dh, auth }: NewSubscription,
): Promise<void> {
  await tx.query({
    name: 'web-push-remove-of-others',
    text: `delete from web_push_subscriptions
           where endpoint = $1 and account_id <> $2 and p256dh = $3 and auth = $4`,
    values: [endpoint, accountId, p256dh, auth],
  });
}

async function upsert(tx: Queryable, wanted: NewSubscription): Promise<Subscribed> {
  const [row] = await tx.query<{ id: string; createdAt: Date; isNew: boolean }>({
    name: 'web-push-subscribe',
    text: `insert into web_push_subscriptions as s (id, account_id, endpoint, p256dh, auth, expires_at)
           values ($1, $2, $3, $4, $5, $6)
           on conflict (endpoint) do update
             set p256dh = excluded.p256dh, auth = excluded.auth, expires_at = excluded.expires_at,
                 confirmed_at = clock_timestamp()
             where s.account_id = excluded.account_id
           returning id, created_at as "createdAt", id = $1 as "isNew"`,
    values: [newId(), wanted.accountId, wanted.endpoint, wanted.p256dh, wanted.auth, wanted.expiresAt],
  });
  if (row === undefined) return { kind: 'taken' };
  const { id, createdAt, isNew } = row;
  return { kind: isNew ? 'created' : 'updated', id, createdAt };
}

async function removeTooMany(tx: Queryable, accountId: string): Promise<void> {
  await tx.query({
    name: 'web-push-remove-too-many',
    text: `delete from web_push_subscriptions where id in (
             select id from web_push_subscriptions where account_id = $1
             order by coalesce(expires_at <= now(), false), confirmed_at desc offset $2
           )`,
    values: [accountId, MOST_SUBSCRIPTIONS],
  });
}

/** Forgets a browser of this account, if there is such a one. */
export async function unsubscribe(db: Queryable, accountId: string, endpoint: string): Promise<void> {
  await db.query({
    name: 'web-push-unsubscribe',
    text: 'delete from web_push_subscriptions where account_id = $1 and endpoint = $2',
    values: [accountId, endpoint],
  });
}

/**
 * Forgets a browser of which its push service says that it is gone, unless it has come back with other keys
 * since. What was still to be sent to it is dropped when its turn comes.
 */
export async function forgetSubscription(db: Queryable, id: string, auth: string): Promise<void> {
  await db.query({
    name: 'web-push-forget',
    text: 'delete from web_push_subscriptions where id = $1 and auth = $2',
    values: [id, auth],
  });
}
