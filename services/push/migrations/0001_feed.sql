-- Each account's feed: what the app shows, numbered from 1 without gaps, so that a reader who knows the
-- last number it has seen knows what it has missed.

create table feed_heads (
  account_id uuid   primary key,
  last_seq   bigint not null
) with (fillfactor = 80);

create table feed_events (
  account_id uuid        not null,
  seq        bigint      not null check (seq > 0),
  -- The event that it tells of; told once.
  event_id   uuid        not null,
  type       text        not null,
  data       jsonb       not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (account_id, seq),
  unique (account_id, event_id)
);

grant select, insert, update on feed_heads to payfan_push;
grant select, insert on feed_events to payfan_push;
