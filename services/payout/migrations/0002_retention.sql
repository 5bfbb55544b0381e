-- Payouts are not needed for ever. The service's role may not delete: the function does, and whoever calls it cannot
-- make it remove what is recent or not finished. One call takes up to `max_rows` lines of the oldest payout, and the
-- payout with its last; null at the end.

create index payouts_by_end on payouts (completed_at) where completed_at is not null;

create function forget_payouts(keep_days integer, after timestamptz, max_rows integer,
                               out removed integer, out upto timestamptz)
language plpgsql strict security definer as $$
declare
  cutoff timestamptz := clock_timestamp() - make_interval(days => keep_days);
  oldest uuid;
begin
  if keep_days < 30 then
    raise exception 'payouts are kept for at least 30 days' using errcode = 'invalid_parameter_value';
  end if;
  removed := 0;
  select id into oldest from payouts where completed_at < cutoff order by completed_at limit 1 for update skip locked;
  if not found then
    return;
  end if;
  delete from payout_items
  where payout_id = oldest
    and line in (select line from payout_items where payout_id = oldest order by line limit max_rows);
  get diagnostics removed = row_count;
  if removed < max_rows then
    delete from payout_chunks where payout_id = oldest;
    delete from payouts where id = oldest;
    removed := removed + 1;
  end if;
  upto := after;
end $$;

-- Temporary tables last, where they hide nothing: else a caller could put a table of his own before these.
alter function forget_payouts(integer, timestamptz, integer) set search_path = payout, pg_temp;
revoke execute on function forget_payouts(integer, timestamptz, integer) from public;
grant execute on function forget_payouts(integer, timestamptz, integer) to payfan_payout;

-- Lines change once, and a thirtieth goes each day: at a fifth, the room of a week's would lie idle.
alter table payout_items set (autovacuum_vacuum_scale_factor = 0.02);
