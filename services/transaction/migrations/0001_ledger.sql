-- Accounts, transfers and the ledger. The service's role may add to the ledger and never change it.

create table accounts (
  id         uuid primary key,
  -- A system account (the treasury) is where money comes from: it alone may go below zero, so that the
  -- sum of all balances is always zero.
  kind       text        not null check (kind in ('person', 'system')),
  name       text        not null,
  phone      text        unique check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  email      text,
  language   text        not null default 'en',
  tier       text        not null default 'free' check (tier in ('premium', 'free')),
  currency   text        not null default 'INR' check (currency ~ '^[A-Z]{3}$'),
  -- Minor units. Within 2^53 - 1, so that every client reads it exactly.
  balance    bigint      not null default 0,
  opened_at  timestamptz not null default now(),
  check (kind = 'system' or (phone is not null and email is not null)),
  constraint balance_not_negative check (kind = 'system' or balance >= 0),
  constraint balance_is_exact check (balance between -9007199254740991 and 9007199254740991)
) with (fillfactor = 80);

create table api_keys (
  -- SHA-256 of the key. Keys are long and random, so that a slow hash would only slow us.
  hash       bytea primary key check (length(hash) = 32),
  role       text        not null check (role in ('account', 'operator', 'service')),
  account_id uuid        references accounts,
  -- Who it belongs to where it is not an account's.
  name       text        not null,
  created_at timestamptz not null default now(),
  revoked_at timestamptz,
  check ((role = 'account') = (account_id is not null))
);

-- The keys that sign tokens. Public halves of all are published, the newest one signs.
create table signing_keys (
  id         text primary key,
  private    jsonb       not null,
  created_at timestamptz not null default now()
);

create table transfers (
  id         uuid primary key,
  payer_id   uuid        not null references accounts,
  payee_id   uuid        not null references accounts,
  amount     bigint      not null check (amount > 0),
  currency   text        not null,
  note       text        not null,
  lane       text        not null check (lane in ('interactive', 'bulk')),
  created_at timestamptz not null,
  check (payer_id <> payee_id)
);

-- Two for each transfer: a debit (negative) and a credit that sum to zero.
create table entries (
  id          bigint generated always as identity primary key,
  transfer_id uuid        not null references transfers,
  account_id  uuid        not null references accounts,
  amount      bigint      not null check (amount <> 0),
  -- The account's balance after this entry.
  balance     bigint      not null,
  created_at  timestamptz not null,
  unique (transfer_id, account_id)
);
create index entries_of_account on entries (account_id, id desc);

-- What was answered under a key, in the same transaction as the money it moved.
create table idempotency_keys (
  account_id  uuid        not null references accounts,
  key         text        not null check (length(key) between 1 and 255),
  -- SHA-256 of the request: the same key with another request is refused.
  fingerprint bytea       not null,
  status      smallint    not null,
  response    jsonb       not null,
  created_at  timestamptz not null,
  primary key (account_id, key)
);

grant select, insert on accounts, api_keys, signing_keys, transfers, entries, idempotency_keys to payfan_transaction;
grant update (balance) on accounts to payfan_transaction;
