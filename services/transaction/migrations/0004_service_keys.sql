-- A service's key is replaced by naming another one: the older ones of its name are revoked, and one that is
-- named again is valid again. Nothing else of a key ever changes.

grant update (revoked_at) on api_keys to payfan_transaction;

create index api_keys_of_services on api_keys (name) where role = 'service';
