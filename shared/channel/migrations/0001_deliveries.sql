-- What a channel knows of each alert, and what it had to give up on.

create table deliveries (
  event_id      uuid        not null,
  role          text        not null,
  transfer_id   uuid        not null,
  account_id    uuid        not null,
  -- Address on this channel.
  recipient     text        not null,
  status        text        not null check (status in ('sending', 'retrying', 'sent', 'dead')),
  -- Attempts begun.
  attempts      integer     not null,
  -- An attempt has no known outcome: the provider may have accepted it.
  uncertain     boolean     not null default false,
  provider      text,
  -- The provider's own.
  reference     text,
  error         text,
  -- Who is at it, and until when nobody else may be. By the database's clock.
  claimed_by    uuid,
  claimed_until timestamptz,
  committed_at  timestamptz not null,
  created_at    timestamptz not null default clock_timestamp(),
  sent_at       timestamptz,
  primary key (event_id, role),
  check ((status = 'sending') = (claimed_by is not null and claimed_until is not null)),
  check ((status = 'sent') = (sent_at is not null))
) with (fillfactor = 80);
create index deliveries_of_transfer on deliveries (transfer_id);

create table dead_letters (
  id          bigint generated always as identity primary key,
  -- What is dead: `<event>.<role>` of a delivery, or the digest of a message that could not be read.
  subject     text        not null unique,
  event_id    uuid,
  role        text,
  transfer_id uuid,
  lane        text,
  -- Stable, to group by: rejected, exhausted, unreadable, delivery_limit.
  reason      text        not null,
  error       text        not null,
  attempts    integer     not null,
  routing_key text        not null,
  headers     jsonb       not null,
  body        bytea       not null,
  -- How often the same thing died.
  times       integer     not null default 1,
  created_at  timestamptz not null default clock_timestamp(),
  last_at     timestamptz not null default clock_timestamp()
);

do $$
begin
  execute format('grant select, insert, update on deliveries, dead_letters to %I', 'payfan_' || current_schema());
end $$;
