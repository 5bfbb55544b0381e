-- Limits on what one caller may do in a time, and a decision about money that does not reveal who has a wallet.

-- Counts the look-ups of unknown payees against a limit (GCRA): the theoretical arrival time of the account's next
-- miss. It is part of the account, because commit_transfers has the payer's row locked when a look-up fails, which
-- makes the count exact however many requests of the account are under way.
alter table accounts add column unknown_payees_until timestamptz;

drop function commit_transfers(uuid[], timestamptz[], uuid[], text[], bigint[], text[], text[], text[], text[], integer[],
                               text[], text[], uuid[], text[], text[], text[], text[], uuid, float8);

-- Decides requests one after the other, in the order given, over locked balances, and writes what that leads to.
-- Arrays have an element for each request.
--
-- Invariants: the sum of all balances is the same before and after; none falls below zero or passes 2^53 - 1; one
-- key of an account leads to one decision; a request that is refused changes nothing for its neighbours; an amount that
-- the payer cannot afford is refused before the payee is looked up, so that the refusal does not reveal who has a wallet.
create function commit_transfers(
  transfer_ids    uuid[],
  created_ats     timestamptz[],
  payer_ids       uuid[],
  payee_phones    text[],
  -- Minor units.
  amounts         bigint[],
  currencies      text[],
  notes           text[],
  lanes           text[],
  keys            text[],
  -- Where the first request of this call under the same key of the same account stands; its own place if it is that.
  first_of_key    integer[],
  -- SHA-256 in hex: tells a repeat from another request under the same key.
  fingerprints    text[],
  -- The answer's JSON after id, status and from, beginning with a comma.
  response_tails  text[],
  event_ids       uuid[],
  exchanges       text[],
  routing_keys    text[],
  -- The event's JSON without payer and payee, which are its last members, and what closes it.
  event_heads     text[],
  traceparents    text[],
  holder          uuid,
  -- Zero: anybody may publish the events at once, and the caller does not.
  lease_seconds   float8,
  -- Interactive transfers of an account that may name an unknown payee; more answer `limited`. Zero: no limit.
  unknown_payees_per_hour integer
) returns setof transfer_outcome
language plpgsql security definer set search_path = transaction, pg_temp as $$
declare
  largest constant bigint := 9007199254740991;
  total constant integer := cardinality(transfer_ids);
  -- The accounts, each at its place in these, and where to find one by id or by phone number.
  ids uuid[];
  phones text[];
  balances bigint[];
  unknown_untils timestamptz[];
  parties text[];
  places jsonb;
  -- What becomes of each request.
  kinds text[] := array_fill(null::text, array[total]);
  codes text[] := array_fill(null::text, array[total]);
  responses text[] := array_fill(null::text, array[total]);
  bodies text[] := array_fill(null::text, array[total]);
  payee_ids uuid[] := array_fill(null::uuid, array[total]);
  payer_balances bigint[] := array_fill(null::bigint, array[total]);
  payee_balances bigint[] := array_fill(null::bigint, array[total]);
  -- Who decided under the key of the request that stands here and is the first of its key.
  deciders integer[] := array_fill(null::integer, array[total]);
  earlier record;
  first integer;
  decider integer;
  payer integer;
  payee integer;
  payer_balance bigint;
  payee_balance bigint;
  -- Seconds between two look-ups of unknown payees at the rate of their limit.
  unknown_interval constant float8 := 3600.0 / nullif(unknown_payees_per_hour, 0);
  wait_seconds float8;
begin
  -- In the order of their ids: two groups that share accounts wait for each other and never deadlock. System
  -- accounts take no part in transfers.
  select array_agg(id), array_agg(phone::text), array_agg(balance), array_agg(unknown_payees_until),
         array_agg(json_build_object('accountId', id, 'name', name, 'phone', phone, 'email', email,
                                     'language', language)::text)
  into ids, phones, balances, unknown_untils, parties
  from (
    select id, name, phone, email, language, balance, unknown_payees_until
    from accounts
    where (id = any (payer_ids) or phone = any (payee_phones)) and kind = 'person'
    order by id
    for no key update
  ) locked;

  select jsonb_object_agg(id, place) || jsonb_object_agg(phone, place) into places
  from unnest(ids, phones) with ordinality as account (id, phone, place);

  -- With the payers locked, what is found here is final. Key by key (an offset is not merged into what is around
  -- it): a plan made while the table is new would read all of it, and is kept while the table grows.
  for earlier in
    select asked.place, k.status, k.response, k.fingerprint = decode(asked.fingerprint, 'hex') as same
    from unnest(payer_ids, keys, fingerprints) with ordinality as asked (payer_id, key, fingerprint, place),
         lateral (select status, response, fingerprint from idempotency_keys
                  where account_id = asked.payer_id and key = asked.key offset 0) k
  loop
    if earlier.same then
      kinds[earlier.place] := 'replayed';
      codes[earlier.place] := case earlier.status when 201 then 'completed' else 'insufficient_funds' end;
      responses[earlier.place] := earlier.response;
    else
      kinds[earlier.place] := 'invalid';
      codes[earlier.place] := 'idempotency_key_reused';
    end if;
  end loop;

  for n in 1 .. total loop
    continue when kinds[n] is not null;
    kinds[n] := 'invalid';

    first := first_of_key[n];
    decider := deciders[first];
    if decider is not null then
      if fingerprints[n] = fingerprints[decider] then
        kinds[n] := 'replayed';
        codes[n] := codes[decider];
        responses[n] := responses[decider];
      else
        codes[n] := 'idempotency_key_reused';
      end if;
      continue;
    end if;

    payer := places ->> payer_ids[n]::text;
    payee := places ->> payee_phones[n];
    if payer is null then
      codes[n] := 'payer_not_found';
      continue;
    elsif payee = payer then
      codes[n] := 'same_account';
      continue;
    end if;
    if lanes[n] = 'interactive' then
      wait_seconds := extract(epoch from unknown_untils[payer] - created_ats[n]) - (3600 - unknown_interval);
      if wait_seconds > 0.001 then
        kinds[n] := 'limited';
        responses[n] := ceil(wait_seconds)::text;
        continue;
      end if;
    end if;

    payer_balance := balances[payer] - amounts[n];
    if payer_balance < 0 then
      codes[n] := 'insufficient_funds';
      kinds[n] := 'decided';
      deciders[first] := n;
      continue;
    elsif payee is null then
      codes[n] := 'recipient_not_found';
      if lanes[n] = 'interactive' then
        -- Null without a limit.
        unknown_untils[payer] := greatest(unknown_untils[payer], created_ats[n]) + make_interval(secs => unknown_interval);
      end if;
      continue;
    end if;

    payee_balance := balances[payee] + amounts[n];
    if payee_balance > largest then
      codes[n] := 'balance_limit_exceeded';
      continue;
    end if;

    codes[n] := 'completed';
    balances[payer] := payer_balance;
    balances[payee] := payee_balance;
    payer_balances[n] := payer_balance;
    payee_balances[n] := payee_balance;
    payee_ids[n] := ids[payee];
    -- A phone number holds nothing that JSON would have to escape: a check sees to that.
    responses[n] := '{"id":"' || transfer_ids[n] || '","status":"completed","from":"' || phones[payer] || '"' || response_tails[n];
    bodies[n] := event_heads[n] || ',"payer":' || parties[payer] || ',"payee":' || parties[payee] || '}}';
    kinds[n] := 'decided';
    deciders[first] := n;
  end loop;

  with decided as (
    select *
    from unnest(transfer_ids, created_ats, payer_ids, payee_ids, amounts, currencies, notes, lanes, payer_balances,
                payee_balances, keys, fingerprints, responses, kinds)
           with ordinality as d (id, created_at, payer_id, payee_id, amount, currency, note, lane, payer_balance,
                                 payee_balance, key, fingerprint, response, kind, place)
    where kind = 'decided'
  ), written as (
    insert into transfers (id, payer_id, payee_id, amount, currency, note, lane, created_at)
    select id, payer_id, payee_id, amount, currency, note, lane, created_at
    from decided where payee_id is not null order by place
  ), changed as (
    update accounts set balance = b.balance, unknown_payees_until = b.unknown_payees_until
    from unnest(ids, balances, unknown_untils) as b (id, balance, unknown_payees_until)
    where accounts.id = b.id
      and (accounts.balance <> b.balance or accounts.unknown_payees_until is distinct from b.unknown_payees_until)
  ), remembered as (
    insert into idempotency_keys (account_id, key, fingerprint, status, response, created_at)
    select payer_id, key, decode(fingerprint, 'hex'), case when payee_id is null then 402 else 201 end, response, created_at
    from decided
  )
  insert into entries (transfer_id, account_id, amount, balance, created_at)
  select d.id, side.account_id, side.amount, side.balance, d.created_at
  from decided d,
       lateral (values (1, d.payer_id, -d.amount, d.payer_balance),
                       (2, d.payee_id, d.amount, d.payee_balance)) as side (k, account_id, amount, balance)
  where d.payee_id is not null
  order by d.place, side.k;

  return query
    select o.kind, o.code, o.response, case when lease_seconds > 0 then o.body end, null::bigint, null::uuid
    from unnest(kinds, codes, responses, bodies) with ordinality as o (kind, code, response, body, place)
    order by o.place;
  return query
    select 'event', null, null, null, e.id, e.event_id
    from outbox_insert(event_ids, exchanges, routing_keys, bodies, traceparents, holder, lease_seconds) e;
end $$;

-- Buckets that several processes take from (GCRA): a bucket's row holds its theoretical arrival time, and a bucket
-- without a row is full. Unlogged, because a limit that begins again after a crash harms no one.
create unlogged table rate_limits (
  bucket  text        primary key,
  full_at timestamptz not null
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

-- Takes one unit from each bucket of a request, or from none of them if one is empty. Requests are decided in their
-- order, with the buckets of all of them locked. Returns a row for each request that is refused.
create function take_from_rate_limits(
  -- The request to which an element of the next three arrays belongs; equal numbers stand together.
  requests  integer[],
  buckets   text[],
  -- Seconds in which a bucket regains one unit.
  intervals float8[],
  -- Units in a full bucket.
  bursts    integer[],
  -- Null for the clock of the database, which all processes share.
  taken_at  timestamptz
) returns table (
  refused_request integer,
  -- Where the empty bucket stands among those of the request, from 1.
  place           integer,
  -- Until it has a unit again.
  wait_seconds    float8
)
language plpgsql security definer set search_path = transaction, pg_temp as $$
declare
  names text[];
  full_ats timestamptz[];
  places jsonb;
  moment timestamptz;
  start integer := 1;
  finish integer;
  bucket_at integer;
  is_refused boolean;
begin
  insert into rate_limits (bucket, full_at)
  select wanted.name, '-infinity' from (select distinct unnest(buckets) as name order by name) wanted
  on conflict do nothing;
  select array_agg(locked.bucket), array_agg(locked.full_at) into names, full_ats
  from (select r.bucket, r.full_at from rate_limits r where r.bucket = any (buckets) order by r.bucket for update) locked;
  select jsonb_object_agg(b.name, b.at) into places from unnest(names) with ordinality as b (name, at);
  moment := coalesce(taken_at, clock_timestamp());

  while start <= cardinality(requests) loop
    finish := start;
    while requests[finish + 1] = requests[start] loop
      finish := finish + 1;
    end loop;

    is_refused := false;
    for n in start .. finish loop
      bucket_at := places ->> buckets[n];
      wait_seconds := extract(epoch from greatest(full_ats[bucket_at], moment) - moment) - (bursts[n] - 1) * intervals[n];
      -- Timestamps are whole microseconds, so that sums of intervals are not exact.
      if wait_seconds > 0.001 then
        refused_request := requests[start];
        place := n - start + 1;
        is_refused := true;
        return next;
        exit;
      end if;
    end loop;

    if not is_refused then
      for n in start .. finish loop
        bucket_at := places ->> buckets[n];
        -- The retention may have removed a row between the two statements above.
        continue when bucket_at is null;
        full_ats[bucket_at] := greatest(full_ats[bucket_at], moment) + make_interval(secs => intervals[n]);
      end loop;
    end if;
    start := finish + 1;
  end loop;

  update rate_limits r set full_at = b.full_at
  from unnest(names, full_ats) as b (bucket, full_at)
  where r.bucket = b.bucket and r.full_at <> b.full_at;
end $$;

-- Removes buckets that have been full for `keep_days`. `after` is not needed: what is removed is not found again.
create function forget_rate_limits(keep_days integer, after timestamptz, max_rows integer,
                                   out removed integer, out upto timestamptz)
language plpgsql strict security definer set search_path = transaction, pg_temp as $$
begin
  delete from rate_limits
  where ctid = any (array(
    select ctid from rate_limits where full_at < clock_timestamp() - make_interval(days => keep_days)
    limit max_rows for update skip locked));
  get diagnostics removed = row_count;
  if removed = max_rows then upto := clock_timestamp(); end if;
end $$;

do $$
declare
  signature text;
begin
  foreach signature in array array['commit_transfers', 'take_from_rate_limits', 'forget_rate_limits'] loop
    execute format('revoke execute on function %I from public', signature);
    execute format('grant execute on function %I to payfan_transaction', signature);
  end loop;
end $$;
