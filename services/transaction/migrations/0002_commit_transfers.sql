-- The rules of money, and all that a group of transfers writes, in one call: a group holds its locks for as long
-- as this takes, and no longer for the network's sake.

-- What was answered, as text, so that a repeat gets it to the letter. Null where the status says it all.
alter table idempotency_keys alter column response drop not null;
alter table idempotency_keys alter column response type text using (response -> 'transfer')::text;

-- An account's entries in their order, and nothing else, is what is read by: one index does both.
alter table entries drop constraint entries_pkey;
drop index entries_of_account;
alter table entries add primary key (account_id, id);

-- Looked at when an account's phone or currency changes, and not at every change of its balance.
create domain phone_number as text check (value ~ '^\+[1-9][0-9]{6,14}$');
create domain currency_code as text check (value ~ '^[A-Z]{3}$');
alter table accounts drop constraint accounts_phone_check, drop constraint accounts_currency_check;
alter table accounts alter column phone type phone_number, alter column currency type currency_code;

-- Only the functions below write the ledger from now on (as their owner; with temporary tables last in their path,
-- so that a caller's own table never stands before one of these), and they take ids from rows that they have locked or
-- written themselves. Looking each of them up once more is a quarter of the work of a transfer.
alter table transfers drop constraint transfers_payer_id_fkey, drop constraint transfers_payee_id_fkey;
alter table entries drop constraint entries_transfer_id_fkey, drop constraint entries_account_id_fkey;
alter table idempotency_keys drop constraint idempotency_keys_account_id_fkey;
revoke insert on accounts, transfers, entries, idempotency_keys from payfan_transaction;
revoke update (balance) on accounts from payfan_transaction;

create type transfer_outcome as (
  -- `decided`, `replayed` or `invalid`, one row for each request in their order; then an `event` for each transfer.
  kind      text,
  code      text,
  response  text,
  -- The event's, where it is leased and so to be published by the caller.
  body      text,
  outbox_id bigint,
  event_id  uuid
);

-- Decides requests one after the other, in the order given, over locked balances, and writes what that leads to.
-- Arrays have an element for each request.
--
-- Invariants: the sum of all balances is the same before and after; none falls below zero or passes 2^53 - 1; one
-- key of an account leads to one decision; a request that is refused changes nothing for its neighbours.
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
  lease_seconds   float8
) returns setof transfer_outcome
language plpgsql security definer set search_path = transaction, pg_temp as $$
declare
  largest constant bigint := 9007199254740991;
  total constant integer := cardinality(transfer_ids);
  -- The accounts, each at its place in these, and where to find one by id or by phone number.
  ids uuid[];
  phones text[];
  balances bigint[];
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
begin
  -- In the order of their ids: two groups that share accounts wait for each other and never deadlock. System
  -- accounts take no part in transfers.
  select array_agg(id), array_agg(phone::text), array_agg(balance),
         array_agg(json_build_object('accountId', id, 'name', name, 'phone', phone, 'email', email,
                                     'language', language)::text)
  into ids, phones, balances, parties
  from (
    select id, name, phone, email, language, balance
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
    elsif payee is null then
      codes[n] := 'recipient_not_found';
      continue;
    elsif payee = payer then
      codes[n] := 'same_account';
      continue;
    end if;

    payer_balance := balances[payer] - amounts[n];
    payee_balance := balances[payee] + amounts[n];
    if payer_balance < 0 then
      codes[n] := 'insufficient_funds';
    elsif payee_balance > largest then
      codes[n] := 'balance_limit_exceeded';
      continue;
    else
      codes[n] := 'completed';
      balances[payer] := payer_balance;
      balances[payee] := payee_balance;
      payer_balances[n] := payer_balance;
      payee_balances[n] := payee_balance;
      payee_ids[n] := ids[payee];
      -- A phone number holds nothing that JSON would have to escape: a check sees to that.
      responses[n] := '{"id":"' || transfer_ids[n] || '","status":"completed","from":"' || phones[payer] || '"' || response_tails[n];
      bodies[n] := event_heads[n] || ',"payer":' || parties[payer] || ',"payee":' || parties[payee] || '}}';
    end if;
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
    update accounts set balance = b.balance
    from unnest(ids, balances) as b (id, balance)
    where accounts.id = b.id and accounts.balance <> b.balance
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

-- Opens a person's account with a balance that the treasury, a system account, pays. False if there is one already.
create function open_account(
  account_id          uuid,
  name                text,
  phone               text,
  email               text,
  tier                text,
  treasury_id         uuid,
  opening_transfer_id uuid,
  -- Minor units.
  opens_with          bigint
) returns boolean
language plpgsql security definer set search_path = transaction, pg_temp as $$
#variable_conflict use_variable
declare
  left_in_treasury bigint;
begin
  insert into accounts as a (id, kind, name) values (treasury_id, 'system', 'Treasury') on conflict do nothing;
  insert into accounts as a (id, kind, name, phone, email, tier, balance)
  values (account_id, 'person', name, phone, email, tier, opens_with)
  on conflict (id) do nothing;
  if not found then
    return false;
  end if;
  insert into transfers (id, payer_id, payee_id, amount, currency, note, lane, created_at)
  values (opening_transfer_id, treasury_id, account_id, opens_with, 'INR', 'opening balance', 'interactive', now());
  update accounts a set balance = a.balance - opens_with where a.id = treasury_id
  returning a.balance into left_in_treasury;
  insert into entries (transfer_id, account_id, amount, balance, created_at)
  values (opening_transfer_id, treasury_id, -opens_with, left_in_treasury, now()),
         (opening_transfer_id, account_id, opens_with, opens_with, now());
  return true;
end $$;

do $$
declare
  signature text;
begin
  foreach signature in array array['commit_transfers', 'open_account'] loop
    execute format('revoke execute on function %I from public', signature);
    execute format('grant execute on function %I to payfan_transaction', signature);
  end loop;
end $$;
