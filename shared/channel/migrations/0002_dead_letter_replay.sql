-- Dead letters in groups, and what was done about them.

alter table dead_letters
  -- The error without what differs from case to case.
  add column error_group     text,
  add column state           text    not null default 'open' check (state in ('open', 'replayed')),
  add column replays         integer not null default 0,
  -- Somebody is replaying it, and nobody else should until then. By the database's clock.
  add column replaying_until timestamptz;

-- Close to what the programs write; a letter that dies again gets exactly that.
update dead_letters
set error_group = left(btrim(
  regexp_replace(
    regexp_replace(
      regexp_replace(
        regexp_replace(
          regexp_replace(error, '\s+', ' ', 'g'),
          '<?[^\s<>@]+@[[:alnum:].-]*[[:alnum:]]>?', '<email>', 'g'),
        '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}', '<id>', 'gi'),
      '\+\d{8,15}', '<phone>', 'g'),
    '\d{4,}', '<n>', 'g')), 500);

alter table dead_letters alter column error_group set not null;

create index dead_letters_open on dead_letters (id) where state = 'open';
create index dead_letters_by_group on dead_letters (reason, error_group, id);
create index dead_letters_of_transfer on dead_letters (transfer_id);

create table dead_letter_replays (
  id          bigint generated always as identity primary key,
  letter_id   bigint      not null references dead_letters,
  replayed_at timestamptz not null default clock_timestamp(),
  -- Who asked for it.
  replayed_by text        not null
);
create index dead_letter_replays_of_letter on dead_letter_replays (letter_id, id);

do $$
begin
  execute format('grant select, insert on dead_letter_replays to %I', 'payfan_' || current_schema());
end $$;
