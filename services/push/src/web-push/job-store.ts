import type { Lane } from '@payfan/contracts';
import type { Queryable } from '@payfan/database';
import type { NotifiedItem } from './notification.ts';

/** What one browser is to be told, by whoever has the lease. */
export interface PushJob extends JobLease {
  /** Since the item was written to the feed. */
  ageSeconds: number;
  /** Undefined once the browser has unsubscribed, or the feed has forgotten the item. */
  push: { subscription: BrowserSubscription; item: NotifiedItem } | undefined;
}

/** As browsers describe it. */
export interface BrowserSubscription {
  endpoint: string;
  keys: { p256dh: string; auth: string };
}

/** Names a job, and the one time that it was taken. */
export interface JobLease {
  subscriptionId: string;
  seq: number;
  /** This one included. */
  attempts: number;
}

/**
 * Leases and removals need not outlive a crash of the database: what is forgotten is sent again under the same
 * topic, as after any crash. So no commit waits for the disk.
 */
const NOT_DURABLE = `(select set_config('synchronous_commit', 'off', true)) = 'off'`;

interface Row extends Omit<PushJob, 'push'>, NotifiedItem {
  endpoint: string | null;
  p256dh: string;
  auth: string;
}

/**
 * Takes up to `limit` jobs of a lane that are due, the longest due first. Nobody else gets them for `seconds`, by
 * the database's clock; whoever dies with one in hand leaves it to others after that.
 */
export async function leaseJobs(
  db: Queryable,
  lane: Lane,
  { limit, seconds }: { limit: number; seconds: number },
): Promise<PushJob[]> {
  const rows = await db.query<Row>({
    name: 'web-push-lease',
    text: `with due as (
             select subscription_id, seq from web_push_jobs
             where lane = $1 and due_at <= now() and ${NOT_DURABLE}
             order by due_at limit $2
             for update skip locked
           ), leased as (
             update web_push_jobs j
             set due_at = clock_timestamp() + make_interval(secs => $3), attempts = attempts + 1
             from due where j.subscription_id = due.subscription_id and j.seq = due.seq
             returning j.*
           )
           select j.subscription_id as "subscriptionId", j.seq, j.attempts,
                  extract(epoch from clock_timestamp() - j.created_at)::float8 as "ageSeconds",
                  push.endpoint, push.p256dh, push.auth, push.event_id as "eventId", push.type, push.data
           from leased j
           -- Each by its key: a plan made while the tables are small would read all of them, and is kept.
           left join lateral (
             select s.endpoint, s.p256dh, s.auth, e.event_id, e.type, e.data
             from web_push_subscriptions s,
                  lateral (select * from feed_events where account_id = s.account_id and seq = j.seq offset 0) e
             where s.id = j.subscription_id
             offset 0
           ) push on true`,
    values: [lane, limit, seconds],
  });
  return rows.map(({ endpoint, p256dh, auth, eventId, type, data, ...job }) => ({
    ...job,
    push:
      endpoint === null
        ? undefined
        : {
            subscription: { endpoint, keys: { p256dh, auth } },
            item: { eventId, type, data, seq: job.seq },
          },
  }));
}

/** Ends jobs. Whoever was so slow that another has taken a job since does not end it. */
export async function removeJobs(db: Queryable, jobs: readonly JobLease[]): Promise<void> {
  await db.query({
    name: 'web-push-remove-jobs',
    text: `delete from web_push_jobs j using unnest($1::uuid[], $2::bigint[], $3::integer[])
             as done(subscription_id, seq, attempts)
           where j.subscription_id = done.subscription_id and j.seq = done.seq and j.attempts = done.attempts
             and ${NOT_DURABLE}`,
    values: columnsOf(jobs),
  });
}

/** Gives a job back, to be taken again after a while. */
export async function postponeJob(db: Queryable, job: JobLease, delayMs: number): Promise<void> {
  await db.query({
    name: 'web-push-postpone-job',
    text: `update web_push_jobs set due_at = clock_timestamp() + make_interval(secs => $4)
           where subscription_id = $1 and seq = $2 and attempts = $3 and ${NOT_DURABLE}`,
    values: [job.subscriptionId, job.seq, job.attempts, delayMs / 1_000],
  });
}

/** Jobs that are not done. */
export async function countJobs(db: Queryable): Promise<number> {
  const [row] = await db.query<{ jobs: number }>({
    name: 'web-push-count-jobs',
    text: 'select count(*) as jobs from web_push_jobs',
  });
  return row?.jobs ?? 0;
}

const columnsOf = (jobs: readonly JobLease[]): unknown[] => [
  jobs.map(({ subscriptionId }) => subscriptionId),
  jobs.map(({ seq }) => seq),
  jobs.map(({ attempts }) => attempts),
];
