-- Browsers that asked to be told, and what they are still to be told of.

create table web_push_subscriptions (
  id           uuid        primary key,
  account_id   uuid        not null,
  -- Where its push service takes messages: one browser, whoever uses it.
  endpoint     text        not null unique,
  -- What messages to it are enciphered with: its public key and a secret, both in base64url.
  p256dh       text        not null,
  auth         text        not null,
  -- When the push service will forget it, if it said so.
  expires_at   timestamptz,
  created_at   timestamptz not null default clock_timestamp(),
  -- When the browser last said that it is there.
  confirmed_at timestamptz not null default clock_timestamp()
);
create index web_push_subscriptions_by_account on web_push_subscriptions (account_id);

-- One for each item of a feed and subscription of its account, written with the item. It goes when the push
-- service has taken it, or with its last attempt. No foreign key: what is written for everybody is not to wait
-- for somebody who unsubscribes, and a job whose subscription is gone is dropped when its turn comes.
create table web_push_jobs (
  subscription_id uuid        not null,
  account_id      uuid        not null,
  -- Of the feed's item.
  seq             bigint      not null,
  lane            text        not null check (lane in ('interactive', 'bulk')),
  created_at      timestamptz not null default clock_timestamp(),
  -- When it may be taken. Whoever takes it puts this off: that is the lease.
  due_at          timestamptz not null default clock_timestamp(),
  -- How often it was taken; tells one lease from the next.
  attempts        integer     not null default 0,
  primary key (subscription_id, seq)
) with (
  -- Rows come and go all the time: vacuum by their number, not by a share of a table that is mostly empty.
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 1000,
  autovacuum_analyze_scale_factor = 0,
  autovacuum_analyze_threshold = 10000
);
create index web_push_jobs_due on web_push_jobs (lane, due_at);

-- By what push services know this installation: browsers subscribe for this key and no other.
create table web_push_keys (
  id          text        primary key check (id = 'first'),
  public_key  text        not null,
  private_key text        not null,
  created_at  timestamptz not null default clock_timestamp()
);

grant select, insert, update, delete on web_push_subscriptions, web_push_jobs to payfan_push;
grant select, insert on web_push_keys to payfan_push;
