-- When a delivery that waits for a further attempt gets it.

alter table deliveries
  -- Not before then, while it is `retrying`; of one that is not it says nothing. No index, so that updates touch none.
  add column next_attempt_at timestamptz;
