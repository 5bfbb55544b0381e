-- All that an append does, in one call: the heads stay locked for as long as this takes, and no longer for the
-- network's sake, and a lone item costs one round trip instead of five.

-- Appends items to their accounts' feeds. Arrays have an element for each item. Answers each item's place, in the
-- order of the items; one that is there already keeps its place. Numbers have no gaps: they are taken from a row of
-- the account that stays locked until the items are committed with it. What is new becomes a job on lane `to_lane`
-- for each browser of its account, `most_browsers` at most; `jobs` is how many there came of the whole call.
create function append_to_feeds(account_ids uuid[], event_ids uuid[], types text[], datas jsonb[],
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
    from item i join feed_heads h using (account_id)
    where not exists (select from feed_events e where e.account_id = i.account_id and e.event_id = i.event_id)
  ), inserted as (
    insert into feed_events (account_id, seq, event_id, type, data)
    select account_id, seq, event_id, type, data from fresh
  ), moved as (
    update feed_heads h set last_seq = f.last_seq
    from (select account_id, max(seq) as last_seq from fresh group by account_id) f
    where h.account_id = f.account_id
  ), job as (
    insert into web_push_jobs (subscription_id, account_id, seq, lane)
    select s.id, f.account_id, f.seq, to_lane from fresh f
    -- Lateral and limited, it is one look into the index for each item, whatever the planner knows.
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
    join feed_events e using (account_id, event_id)
    order by i.n;
end $$;

revoke execute on function append_to_feeds from public;
grant execute on function append_to_feeds to payfan_push;
