-- Nearly every delivery is updated once, soon after it was written: half of a page is left for that, so that the version
-- recorded stays on the page of the one claimed. One that has no room there makes an entry in every index, and vacuum
-- has to remove them.
alter table deliveries set (fillfactor = 50);
