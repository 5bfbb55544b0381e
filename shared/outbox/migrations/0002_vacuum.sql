-- What keeps vacuum from removing the outbox's dead rows. Only roles that may read everybody's statistics see
-- the snapshots of others, and the service's role is none of them: it gets this one number and nothing else.

-- How many transactions old the oldest snapshot in sight of vacuum is: of a session in this database, of a
-- standby or a replication slot, or of a prepared transaction. 0 if there is none, -1 if it cannot be known.
create function outbox_oldest_xmin_age() returns bigint
language sql stable security definer set search_path = pg_catalog as $$
  select case when pg_has_role(current_user, 'pg_read_all_stats', 'usage') then coalesce(max(age), 0) else -1 end
  from (
    -- A standby's session belongs to no database. An autovacuum's own snapshot holds back nobody.
    select age(backend_xmin) from pg_stat_activity
    where (datname = current_database() or datname is null)
      and pid <> pg_backend_pid() and backend_type <> 'autovacuum worker'
    union all select age(xmin) from pg_replication_slots
    union all select age(transaction) from pg_prepared_xacts where database = current_database()
  ) as held(age)
$$;

do $$
begin
  revoke execute on function outbox_oldest_xmin_age() from public;
  execute format('grant execute on function outbox_oldest_xmin_age() to %I', 'payfan_' || current_schema());
end $$;
