-- As in 0004_append.sql, which says what it takes and answers; and each row is found by its key, whatever the planner
-- believes of the tables: a plan made while they are small would read all of them, and is kept while they grow. (What
-- has an offset is not merged into what is around it, and ON CONFLICT looks by its index.)
create or replace function append_to_feeds(account_ids uuid[], event_ids uuid[], types text[], datas jsonb[],
                                           to_lane text, most_browsers integer)
returns table (n bigint, seq bigint, created_at timestamptz, jobs bigint)
language plpgsql as $$
#variable_conflict use_column
declare
  jobs_made bigint;
begin
  -- In the order of account ids, so that two calls never wait for each other crosswise. An update that changes
  -- nothing locks the row just as well, whether it is new or not.
  insert into feed_heads as h (account_id, last_seq)
  select account_id, 0 from (select distinct unnest(account_ids) as account_id) a order by account_id
  on conflict (account_id) do update set last_seq = h.last_seq;

  -- A statement of its own: only one that begins after the locks sees what the previous holder wrote.
  with item as (
    select distinct on (account_id, event_id) *
    from unnest(account_ids, event_ids, types, datas) with ordinality as i(account_id, event_id, type, data, n)
    order by account_id, event_id, n
  ), fresh as (
    select i.*, h.last_seq + row_number() over (partition by account_id order by n) as seq
    from item i
    cross join lateral (select last_seq from feed_heads where account_id = i.account_id offset 0) h
    left join lateral (
      select true as told from feed_events where account_id = i.account_id and event_id = i.event_id offset 0
    ) e on true
    where e.told is null
  ), inserted as (
    insert into feed_events (account_id, seq, event_id, type, data)
    select account_id, seq, event_id, type, data from fresh
  ), moved as (
    -- They are all there, and locked.
    insert into feed_heads (account_id, last_seq)
    select account_id, max(seq) from fresh group by account_id
    on conflict (account_id) do update set last_seq = excluded.last_seq
  ), job as (
    insert into web_push_jobs (subscription_id, account_id, seq, lane)
    select s.id, f.account_id, f.seq, to_lane from fresh f
    cross join lateral (
      select id from web_push_subscriptions
      where account_id = f.account_id and (expires_at is null or expires_at > now())
      limit most_browsers
    ) s
    returning 1
  )
  select count(*) into jobs_made from job;

  return query
    select i.n, e.seq, e.created_at, jobs_made
    from unnest(account_ids, event_ids) with ordinality as i(account_id, event_id, n)
    cross join lateral (
      select seq, created_at from feed_events where account_id = i.account_id and event_id = i.event_id offset 0
    ) e
    order by i.n;
end $$;
