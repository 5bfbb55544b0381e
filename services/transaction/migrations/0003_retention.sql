-- What was answered under a key is not needed for ever. The service's role may not delete: the function does,
-- and whoever calls it cannot make it remove what is recent. It looks at up to `max_rows` rows that were created
-- after `after`, the oldest first, removes them, and says how far it came: null at the end. The ledger
-- (transfers, entries) is kept for ever.

create index idempotency_keys_by_age on idempotency_keys (created_at);

create function forget_idempotency_keys(keep_days integer, after timestamptz, max_rows integer,
                                        out removed integer, out upto timestamptz)
language plpgsql strict security definer as $$
declare
  cutoff timestamptz := clock_timestamp() - make_interval(days => keep_days);
  looked integer;
begin
  if keep_days < 7 then
    raise exception 'idempotency keys are kept for at least 7 days' using errcode = 'invalid_parameter_value';
  end if;
  select max(created_at), count(*) into upto, looked
  from (select created_at from idempotency_keys where created_at > after and created_at < cutoff
        order by created_at limit max_rows) as oldest;
  delete from idempotency_keys
  where ctid = any (array(
    select ctid from idempotency_keys where created_at > after and created_at <= upto
    for update skip locked));
  get diagnostics removed = row_count;
  if looked < max_rows then upto := null; end if;
end $$;

-- Temporary tables last, where they hide nothing: else a caller could put a table of his own before this one.
alter function forget_idempotency_keys(integer, timestamptz, integer) set search_path = transaction, pg_temp;
revoke execute on function forget_idempotency_keys(integer, timestamptz, integer) from public;
grant execute on function forget_idempotency_keys(integer, timestamptz, integer) to payfan_transaction;

-- Rows of the ledger never change again: the first vacuum that sees them may freeze them for good, rather than
-- all of them at once when transaction ids grow old. By a fiftieth of the table instead of a fifth, so that what
-- each one has to do stays small.
alter table transfers set (autovacuum_freeze_min_age = 0, autovacuum_vacuum_insert_scale_factor = 0.02);
alter table entries set (autovacuum_freeze_min_age = 0, autovacuum_vacuum_insert_scale_factor = 0.02);
-- A thirtieth goes each day: at a fifth, the room of a week's rows would lie idle.
alter table idempotency_keys set (autovacuum_vacuum_scale_factor = 0.02);
