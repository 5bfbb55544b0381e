-- What a channel need not remember for ever. Its role may not delete: the functions do, and whoever calls them
-- cannot make them remove what is recent. Each looks at up to `max_rows` rows that were created after `after`,
-- the oldest first, removes those of them that may go, and says how far it came: null at the end. So a call
-- takes no longer however many old rows there are that must stay.

create index deliveries_by_age on deliveries (created_at);
create index dead_letters_replayed_by_age on dead_letters (created_at) where state = 'replayed';

-- Deliveries that are settled. A message of one that is on its way (sending, retrying) may still come, and one
-- whose dead letter is kept is what a replay of the letter goes by: without it a person would be told twice.
create function forget_deliveries(keep_days integer, after timestamptz, max_rows integer,
                                  out removed integer, out upto timestamptz)
language plpgsql strict security definer as $$
declare
  cutoff timestamptz := clock_timestamp() - make_interval(days => keep_days);
  looked integer;
begin
  if keep_days < 30 then
    raise exception 'deliveries are kept for at least 30 days' using errcode = 'invalid_parameter_value';
  end if;
  select max(created_at), count(*) into upto, looked
  from (select created_at from deliveries where created_at > after and created_at < cutoff
        order by created_at limit max_rows) as oldest;
  delete from deliveries
  where ctid = any (array(
    select d.ctid from deliveries d
    where d.created_at > after and d.created_at <= upto and d.status in ('sent', 'dead')
      -- One that was replayed long after it was made was sent lately.
      and coalesce(d.sent_at, d.created_at) < cutoff
      and not exists (
        select from dead_letters l
        where l.transfer_id = d.transfer_id and l.event_id = d.event_id and l.role = d.role)
    for update of d skip locked));
  get diagnostics removed = row_count;
  if looked < max_rows then upto := null; end if;
end $$;

-- Dead letters about which something was done, with the record of their replays. Open ones stay for ever.
create function forget_dead_letters(keep_days integer, after timestamptz, max_rows integer,
                                    out removed integer, out upto timestamptz)
language plpgsql strict security definer as $$
declare
  cutoff timestamptz := clock_timestamp() - make_interval(days => keep_days);
  looked integer;
  gone   bigint[];
begin
  if keep_days < 30 then
    raise exception 'dead letters are kept for at least 30 days' using errcode = 'invalid_parameter_value';
  end if;
  select max(created_at), count(*) into upto, looked
  from (select created_at from dead_letters where state = 'replayed' and created_at > after and created_at < cutoff
        order by created_at limit max_rows) as oldest;
  gone := array(
    select l.id from dead_letters l
    where l.state = 'replayed' and l.created_at > after and l.created_at <= upto and l.last_at < cutoff
      and not exists (select from dead_letter_replays r where r.letter_id = l.id and r.replayed_at >= cutoff)
    for update of l skip locked);
  delete from dead_letter_replays where letter_id = any (gone);
  delete from dead_letters where id = any (gone);
  get diagnostics removed = row_count;
  if looked < max_rows then upto := null; end if;
end $$;

do $$
declare
  forget text;
begin
  foreach forget in array array['forget_deliveries', 'forget_dead_letters'] loop
    -- Temporary tables last, where they hide nothing: else a caller could put tables of his own before these.
    execute format('alter function %I(integer, timestamptz, integer) set search_path = %I, pg_temp',
                   forget, current_schema());
    execute format('revoke execute on function %I(integer, timestamptz, integer) from public', forget);
    execute format('grant execute on function %I(integer, timestamptz, integer) to %I',
                   forget, 'payfan_' || current_schema());
  end loop;
end $$;

-- A ninetieth goes each day: at a fifth, the room of more than a fortnight's rows would lie idle. Updates need no
-- more of it: they touch no indexed column, and on a page that has room they leave nothing for vacuum.
alter table deliveries set (autovacuum_vacuum_scale_factor = 0.02);
