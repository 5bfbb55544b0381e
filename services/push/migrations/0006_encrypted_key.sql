-- A private key that was kept as plain text is encrypted at the next start with KEY_ENCRYPTION_KEY.
grant update (private_key) on web_push_keys to payfan_push;
