-- Payouts, their lines, and the chunks in which they are worked off. Money is none of this schema's business: what
-- moves it is asked for by chunks, and only what was answered is written down here.

create table payouts (
  -- UUID version 7, so that the order of ids is that of their coming.
  id              uuid primary key,
  account_id      uuid        not null,
  idempotency_key text        not null check (length(idempotency_key) between 1 and 255),
  -- SHA-256 of what was asked: the same key with another payout is refused.
  fingerprint     bytea       not null check (length(fingerprint) = 32),
  -- What was answered, to the letter, for repeats.
  answer          text        not null,
  lane            text        not null check (lane in ('premium', 'free')),
  -- Whom to tell in the end, as of the request.
  owner           jsonb       not null,
  traceparent     text        not null,
  correlation_id  text        not null,
  currency        text        not null,
  total           integer     not null check (total > 0),
  -- Minor units of all items, and of those that succeeded.
  amount          bigint      not null check (amount > 0),
  paid            bigint      not null default 0 check (paid between 0 and amount),
  succeeded       integer     not null default 0 check (succeeded >= 0),
  failed          integer     not null default 0 check (failed >= 0),
  cancelled       integer     not null default 0 check (cancelled >= 0),
  status          text        not null default 'processing'
                  check (status in ('processing', 'completed', 'completed_with_failures', 'cancelled')),
  -- Counts changes, for those who ask whether there was one.
  version         integer     not null default 1,
  created_at      timestamptz not null,
  updated_at      timestamptz not null,
  completed_at    timestamptz,
  -- Until then nobody wonders why it does not move.
  quiet_until     timestamptz not null default '-infinity',
  unique (account_id, idempotency_key),
  constraint every_item_has_one_outcome check (succeeded + failed + cancelled <= total),
  constraint finished_is_all_of_it check (
    (status = 'processing') = (succeeded + failed + cancelled < total)
    and (status = 'processing') = (completed_at is null))
) with (fillfactor = 70);
create index payouts_of_account on payouts (account_id, id);
create index payouts_under_way on payouts (lane, id) where status = 'processing';

-- Written in the transaction that writes their payout, so that none needs to be looked up for each of them.
create table payout_items (
  payout_id   uuid    not null,
  -- As its owner counts: of the file, or of the list.
  line        integer not null check (line > 0),
  payee_phone text    not null,
  -- Minor units, in the payout's currency.
  amount      bigint  not null check (amount > 0),
  note        text    not null,
  status      text    not null default 'pending' check (status in ('pending', 'succeeded', 'failed', 'cancelled')),
  transfer_id uuid,
  -- Why it failed, for programs and for people.
  code        text,
  detail      text,
  primary key (payout_id, line),
  check ((status = 'succeeded') = (transfer_id is not null)),
  check ((status = 'failed') = (code is not null))
) with (fillfactor = 70);
create index payout_items_failed on payout_items (payout_id, line) where status = 'failed';
create index payout_items_cancelled on payout_items (payout_id, line) where status = 'cancelled';

-- Lines that are asked for in one call: pending -> running -> done, or pending -> cancelled.
create table payout_chunks (
  payout_id  uuid    not null references payouts,
  chunk      integer not null,
  first_line integer not null,
  last_line  integer not null,
  items      integer not null check (items > 0),
  status     text    not null default 'pending' check (status in ('pending', 'running', 'done', 'cancelled')),
  -- The turn that took it, which comes again if its worker dies; the worker; and the attempt, without which
  -- nobody may write down what became of it.
  turn       uuid,
  holder     uuid,
  attempt    uuid,
  since      timestamptz,
  primary key (payout_id, chunk),
  check ((status = 'running') = (attempt is not null))
) with (fillfactor = 70);
create index payout_chunks_open on payout_chunks (payout_id, chunk) where status in ('pending', 'running');

grant select, insert, update on payouts, payout_items, payout_chunks to payfan_payout;
