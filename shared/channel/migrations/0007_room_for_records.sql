-- Each delivery is updated once, soon after it was written: half of a page is left for that, so that the version
-- recorded stays on the page of the one claimed, touches no index, and leaves vacuum nothing to do.
alter table deliveries set (fillfactor = 50);
