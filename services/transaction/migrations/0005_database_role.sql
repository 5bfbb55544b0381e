-- The running service can move money between accounts and nothing else: accounts, keys and system money belong to the
-- role payfan_accounts, whose functions only the migrating role may call. What the service's role needs of keys and
-- sessions are functions that ask for a hash, so that even its password lists no key and makes none.

do $$
begin
  create role payfan_accounts nologin;
exception
  -- Roles belong to the whole cluster: another database's migration may have created it, even at the same time.
  when duplicate_object or unique_violation then null;
end $$;

-- A migrating role that is no superuser must be a member, to give the functions away and to call them.
do $$
begin
  if not (select rolsuper from pg_roles where rolname = current_user) then
    execute format('grant payfan_accounts to %I', current_user);
  end if;
end $$;

-- Keys of services and operators come from the environment. Only operators and accounts may have rows, and the keys
-- that a demo left here are known to everybody.
update api_keys set revoked_at = now()
where revoked_at is null
  and (role = 'service'
       or hash in (sha256('demo_asha'), sha256('demo_ravi'), sha256('demo_meera'), sha256('demo_operator')));
alter table api_keys add constraint services_have_no_rows check (role <> 'service' or revoked_at is not null);
drop index api_keys_of_services;

-- What a browser is signed in with, instead of the API key that made it. It is valid only while that key is.
create table web_sessions (
  -- SHA-256 of the session.
  hash         bytea primary key check (length(hash) = 32),
  -- SHA-256 of the API key, which may be one of the environment.
  key_hash     bytea       not null check (length(key_hash) = 32),
  created_at   timestamptz not null default clock_timestamp(),
  last_used_at timestamptz not null default clock_timestamp()
);
create index web_sessions_of_key on web_sessions (key_hash, created_at);
create index web_sessions_by_age on web_sessions (last_used_at);

grant usage on schema transaction to payfan_accounts;
grant select, insert, update (balance) on accounts to payfan_accounts;
grant insert on transfers, entries to payfan_accounts;
grant select, insert, update (revoked_at) on api_keys to payfan_accounts;
grant select, insert, delete, update (last_used_at) on web_sessions to payfan_accounts;
revoke all on api_keys from payfan_transaction;
revoke update (revoked_at) on api_keys from payfan_transaction;
revoke execute on function open_account from payfan_transaction;

-- Gives an account a key, or an operator of this name where `for_account` is null. False if the hash is there already.
create function issue_key(key_hash bytea, for_account uuid, owner_name text) returns boolean
language sql security definer set search_path = transaction, pg_temp as $$
  with issued as (
    insert into api_keys (hash, role, account_id, name)
    values (key_hash, case when for_account is null then 'operator' else 'account' end, for_account, owner_name)
    on conflict (hash) do nothing
    returning 1
  )
  select exists (select from issued);
$$;

-- The owner of a key that was not revoked.
create function find_key_owner(key_hash bytea, out role text, out account_id uuid, out name text, out tier text)
returns setof record
language sql stable security definer set search_path = transaction, pg_temp as $$
  select k.role, k.account_id, k.name, a.tier
  from api_keys k left join accounts a on a.id = k.account_id
  where k.hash = key_hash and k.revoked_at is null;
$$;

-- Revokes a key of an account, for good. False if there was none to revoke.
create function revoke_key(key_hash bytea) returns boolean
language sql security definer set search_path = transaction, pg_temp as $$
  with revoked as (
    update api_keys set revoked_at = clock_timestamp()
    where hash = key_hash and role = 'account' and revoked_at is null
    returning 1
  )
  select exists (select from revoked);
$$;

-- Makes a session of the key's owner, and ends the oldest ones of more than `at_most` of the key.
create function open_web_session(session_hash bytea, of_key bytea, at_most integer) returns void
language sql security definer set search_path = transaction, pg_temp as $$
  insert into web_sessions (hash, key_hash) values (session_hash, of_key);
  delete from web_sessions
  where hash in (select hash from web_sessions where key_hash = of_key
                 order by created_at desc, hash offset at_most);
$$;

-- The hash of the key that made a session which was used within `idle`. Use is noted at most once a minute.
create function use_web_session(session_hash bytea, idle interval) returns bytea
language sql security definer set search_path = transaction, pg_temp as $$
  update web_sessions set last_used_at = clock_timestamp()
  where hash = session_hash
    and last_used_at between clock_timestamp() - idle and clock_timestamp() - interval '1 minute';
  select key_hash from web_sessions
  where hash = session_hash and last_used_at > clock_timestamp() - idle;
$$;

create function end_web_session(session_hash bytea) returns void
language sql security definer set search_path = transaction, pg_temp as $$
  delete from web_sessions where hash = session_hash;
$$;

-- Removes sessions that were not used for so many days, in the order of their last use (see forget_idempotency_keys).
create function forget_web_sessions(keep_days integer, after timestamptz, max_rows integer,
                                    out removed integer, out upto timestamptz)
language plpgsql strict security definer set search_path = transaction, pg_temp as $$
declare
  cutoff timestamptz := clock_timestamp() - make_interval(days => keep_days);
  looked integer;
begin
  if keep_days < 1 then
    raise exception 'sessions are kept for at least a day' using errcode = 'invalid_parameter_value';
  end if;
  select max(last_used_at), count(*) into upto, looked
  from (select last_used_at from web_sessions where last_used_at > after and last_used_at < cutoff
        order by last_used_at limit max_rows) as oldest;
  delete from web_sessions where last_used_at > after and last_used_at <= upto;
  get diagnostics removed = row_count;
  if looked < max_rows then upto := null; end if;
end $$;

-- A key that signs tokens is either a private JWK, an object, or the text of one that KEY_ENCRYPTION_KEY encrypted.
-- One that a newer key replaced long ago signed no token that is still valid. An encrypted key is replaced by an
-- encrypted one only, so that a plain one which was put here never becomes the only one.
create function forget_signing_keys(replaced_for interval) returns setof text
language sql security definer set search_path = transaction, pg_temp as $$
  delete from signing_keys old
  where exists (
    select from signing_keys newer
    where (newer.created_at, newer.id) > (old.created_at, old.id)
      and newer.created_at < clock_timestamp() - greatest(replaced_for, interval '15 minutes')
      and (jsonb_typeof(newer.private) = 'string' or jsonb_typeof(old.private) = 'object'))
  returning id;
$$;

-- A plain private key is replaced by its encrypted form. Nothing else of a key changes.
create function encrypt_signing_key(key_id text, encrypted text) returns void
language sql security definer set search_path = transaction, pg_temp as $$
  update signing_keys set private = to_jsonb(encrypted)
  where id = key_id and jsonb_typeof(private) = 'object';
$$;
grant select, delete, update (private) on signing_keys to payfan_accounts;

-- To give a function away, its new owner must be able to create one here.
grant create on schema transaction to payfan_accounts;
do $$
declare
  signature regprocedure;
begin
  for signature in
    select p.oid::regprocedure from pg_proc p
    where p.pronamespace = 'transaction'::regnamespace
      and p.proname in ('open_account', 'issue_key', 'find_key_owner', 'revoke_key', 'open_web_session',
                        'use_web_session', 'end_web_session', 'forget_web_sessions', 'forget_signing_keys',
                        'encrypt_signing_key')
  loop
    execute format('revoke execute on function %s from public', signature);
    if signature::text !~ 'open_account|issue_key' then
      execute format('grant execute on function %s to payfan_transaction', signature);
    end if;
    execute format('alter function %s owner to payfan_accounts', signature);
  end loop;
end $$;
revoke create on schema transaction from payfan_accounts;
