-- Which payout a dead letter belongs to: that of the event in its message, be it a transfer of the payout or the
-- payout as a whole. Read from the message itself, so it holds for letters from before, too. Within JSON's strings
-- quotes are escaped, so that nothing a person wrote can be taken for it.
alter table dead_letters
  add column payout_id uuid generated always as (
    substring(encode(body, 'escape')
              from '"payoutId"\s*:\s*"([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"')::uuid
  ) stored;
create index dead_letters_of_payout on dead_letters (payout_id) where payout_id is not null;
