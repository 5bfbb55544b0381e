-- Writes events for whoever commits them, leased to a holder; a null body is no event. For functions that do
-- all the work of a transaction in one call; programs that write row by row say `select * from outbox_insert(…)`.
create function outbox_insert(
  event_ids uuid[], exchanges text[], routing_keys text[], bodies text[], traceparents text[],
  holder uuid, lease_seconds float8
) returns table (event_id uuid, id bigint)
language sql as $$
  insert into outbox (event_id, exchange, routing_key, body, traceparent, leased_by, leased_until)
  select e.*, holder, clock_timestamp() + make_interval(secs => lease_seconds)
  from unnest(event_ids, exchanges, routing_keys, bodies, traceparents)
    as e (event_id, exchange, routing_key, body, traceparent)
  where e.body is not null
  returning event_id, id
$$;

do $$
begin
  execute format('revoke execute on function outbox_insert from public');
  execute format('grant execute on function outbox_insert to %I', 'payfan_' || current_schema());
end $$;
