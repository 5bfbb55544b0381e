-- A payout's owner is told once of the whole, and a transfer of a payout is told to its payee alone.

alter table deliveries
  -- What a delivery tells of: a transfer, or a payout as a whole.
  alter column transfer_id drop not null,
  add column payout_id       uuid,
  -- Of a transfer of a payout: the payer, who has no delivery of it and may see how the payee was told.
  add column untold_payer_id uuid,
  -- All rows from before have a transfer, so that nothing need be looked through under the lock.
  add constraint deliveries_tell_of_one_thing check (num_nonnulls(transfer_id, payout_id) = 1) not valid;
create index deliveries_of_payout on deliveries (payout_id) where payout_id is not null;

-- As it was, but that a letter is known by its subject: that of a payout has no transfer to be found by.
create or replace function forget_deliveries(keep_days integer, after timestamptz, max_rows integer,
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
      and not exists (select from dead_letters l where l.subject = d.event_id || '.' || d.role)
    for update of d skip locked));
  get diagnostics removed = row_count;
  if looked < max_rows then upto := null; end if;
end $$;

do $$
begin
  -- A function that is replaced loses it. Temporary tables last, where they hide nothing.
  execute format('alter function forget_deliveries(integer, timestamptz, integer) set search_path = %I, pg_temp',
                 current_schema());
end $$;
