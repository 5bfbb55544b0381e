-- Events that were committed and are not yet confirmed by the broker. A row lives for milliseconds while
-- the broker is up, and for as long as it takes while it is down.
create table outbox (
  id           bigint generated always as identity primary key,
  event_id     uuid        not null,
  exchange     text        not null,
  routing_key  text        not null,
  body         text        not null,
  -- W3C Trace Context, for the message's header.
  traceparent  text,
  created_at   timestamptz not null default now(),
  -- Who publishes it, and until when nobody else may. By the database's clock, never a process's.
  leased_by    uuid        not null,
  leased_until timestamptz not null
) with (
  -- Rows come and go all the time: vacuum by their number, not by a share of a table that is mostly empty.
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_insert_scale_factor = 0,
  autovacuum_vacuum_insert_threshold = 1000,
  autovacuum_analyze_scale_factor = 0,
  autovacuum_analyze_threshold = 10000
);

do $$
begin
  execute format('grant select, insert, update, delete on outbox to %I', 'payfan_' || current_schema());
end $$;
