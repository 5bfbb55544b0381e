-- Lines of a payout whose payee has no wallet are counted, so that no account finds out by payouts which of many phone
-- numbers have one. Nothing is counted of payouts that were worked off before.
alter table payouts
  add column unknown_payees integer not null default 0 check (unknown_payees >= 0),
  -- Why lines were cancelled; null where none was, or before the reason was recorded.
  add column cancel_reason text check (cancel_reason in ('requested', 'too_many_unknown_payees'));

-- Each new payout asks for the counts of its account's payouts of the last hour.
create index payouts_of_account_by_time on payouts (account_id, created_at);
