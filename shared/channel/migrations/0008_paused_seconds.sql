-- Why an alert took long although few attempts were made at it.

alter table deliveries
  -- How long its lane was paused between the commit and the last claim, because every provider failed.
  add column paused_seconds integer not null default 0;
