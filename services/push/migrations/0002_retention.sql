-- A feed is what the app shows, and need not reach back for ever. Its role may not delete: the function does,
-- and whoever calls it cannot make it remove what is recent. It looks at up to `max_rows` rows that were created
-- after `after`, the oldest first, removes them, and says how far it came: null at the end. Numbers go on where
-- they were, as feed_heads keeps the last one; a reader who was away for longer sees by the first number that
-- is left that the ones before are gone.

create index feed_events_by_age on feed_events (created_at);

create function forget_feed_events(keep_days integer, after timestamptz, max_rows integer,
                                   out removed integer, out upto timestamptz)
language plpgsql strict security definer as $$
declare
  cutoff timestamptz := clock_timestamp() - make_interval(days => keep_days);
  looked integer;
begin
  if keep_days < 30 then
    raise exception 'feed events are kept for at least 30 days' using errcode = 'invalid_parameter_value';
  end if;
  select max(created_at), count(*) into upto, looked
  from (select created_at from feed_events where created_at > after and created_at < cutoff
        order by created_at limit max_rows) as oldest;
  delete from feed_events
  where ctid = any (array(
    select ctid from feed_events where created_at > after and created_at <= upto
    for update skip locked));
  get diagnostics removed = row_count;
  if looked < max_rows then upto := null; end if;
end $$;

-- Temporary tables last, where they hide nothing: else a caller could put a table of his own before this one.
alter function forget_feed_events(integer, timestamptz, integer) set search_path = push, pg_temp;
revoke execute on function forget_feed_events(integer, timestamptz, integer) from public;
grant execute on function forget_feed_events(integer, timestamptz, integer) to payfan_push;

-- A ninetieth goes each day: at a fifth, the room of more than a fortnight's rows would lie idle.
alter table feed_events set (autovacuum_vacuum_scale_factor = 0.02);
