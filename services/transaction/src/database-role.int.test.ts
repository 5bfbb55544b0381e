import { createHash } from 'node:crypto';
import { openDatabase, type Database } from '@payfan/database';
import { freshDatabase, type FreshDatabase } from '@payfan/stack/testing';
import { openDemoAccounts } from './demo-accounts.ts';

const ASHA = '00000000-0000-7000-8000-0000000a54a0';
const TREASURY = '00000000-0000-7000-8000-000000000001';
const sha256 = (text: string) => createHash('sha256').update(text).digest();

let fresh: FreshDatabase;
/** As the running service connects. */
let service: Database;
let admin: Database;
beforeAll(async () => {
  fresh = await freshDatabase();
  service = openDatabase({ url: fresh.urlFor('transaction'), name: 'transaction' });
  admin = openDatabase({ url: fresh.adminUrl, name: 'admin', max: 1 });
  await openDemoAccounts(admin);
});
afterAll(async () => {
  await Promise.all([service.stop(), admin.stop()]);
  await fresh.drop();
});

const hash = `'\\x${sha256('a-key').toString('hex')}'`;
const insertKey = (role: string, account = 'null') =>
  `insert into api_keys (hash, role, account_id, name) values (${hash}, '${role}', ${account}, 'x')`;

test.each([
  ['makes an operator', insertKey('operator')],
  ['makes a service', insertKey('service')],
  ['makes a key of an account', insertKey('account', `'${ASHA}'`)],
  ['issues a key', `select issue_key(${hash}, '${ASHA}', 'x')`],
  ['revives a revoked key', 'update api_keys set revoked_at = null'],
  ['revokes a key but by the function', 'update api_keys set revoked_at = now()'],
  ['gives a key to another account', `update api_keys set account_id = '${ASHA}'`],
  ['deletes a key', 'delete from api_keys'],
  ['lists keys', 'select hash from api_keys'],
  [
    'makes a session but by the function',
    `insert into web_sessions (hash, key_hash) values (${hash}, ${hash})`,
  ],
  ['lists sessions', 'select key_hash from web_sessions'],
  ['deletes sessions', 'delete from web_sessions'],
  [
    'opens an account',
    `select open_account(gen_random_uuid(), 'X', '+917010233399', 'x@x', 'free', '${TREASURY}', gen_random_uuid(), 1)`,
  ],
  ['adds an account', `insert into accounts (id, kind, name) values (gen_random_uuid(), 'system', 'X')`],
  ['sets a balance', 'update accounts set balance = balance + 1'],
  ['makes an account a system account', `update accounts set kind = 'system'`],
  ['closes an account', 'delete from accounts'],
  [
    'writes a transfer',
    `insert into transfers (id, payer_id, payee_id, amount, currency, note, lane, created_at)
     values (gen_random_uuid(), '${TREASURY}', '${ASHA}', 1, 'INR', '', 'interactive', now())`,
  ],
  [
    'writes an entry',
    `insert into entries (transfer_id, account_id, amount, balance, created_at)
     values (gen_random_uuid(), '${ASHA}', 1, 1, now())`,
  ],
  ['changes a signing key', `update signing_keys set private = '{}'`],
  ['deletes a signing key', 'delete from signing_keys'],
  ['reads a schema of another service', 'select * from push.feed_events'],
  ['alters a table', 'alter table api_keys drop constraint services_have_no_rows'],
  [
    'replaces a function',
    'create or replace function end_web_session(x bytea) returns void language sql as $$select$$',
  ],
  ['becomes the role that owns accounts', 'set role payfan_accounts'],
])('the running service never %s', async (_what, text) => {
  await expect(service.query({ text })).rejects.toThrow(/permission denied|must be owner/);
});

const ownerOf = async (key: string) => {
  const text = 'select role, name from find_key_owner($1)';
  return (await service.query<{ role: string; name: string }>({ text, values: [sha256(key)] }))[0];
};
const isDone = async (database: Database, text: string, values: unknown[]) =>
  (await database.query<{ done: boolean }>({ text: `select ${text} as done`, values }))[0]?.done;

test('the migrating role issues a key, which the running service finds and can only revoke', async () => {
  const values = [sha256('second-key'), ASHA];
  expect(await isDone(admin, `transaction.issue_key($1, $2, 'second')`, values)).toBe(true);
  expect(await isDone(admin, `transaction.issue_key($1, $2, 'again')`, values)).toBe(false);
  expect(await ownerOf('second-key')).toEqual({ role: 'account', name: 'second' });
  const revoke = () => isDone(service, 'revoke_key($1)', [sha256('second-key')]);
  expect([await revoke(), await revoke()]).toEqual([true, false]);
  expect(await ownerOf('second-key')).toBeUndefined();
});

test('a key that is issued without an account is an operator’s, whom the running service cannot revoke', async () => {
  expect(await isDone(admin, `transaction.issue_key($1, null, 'mira')`, [sha256('operator-key')])).toBe(true);
  expect(await isDone(service, 'revoke_key($1)', [sha256('operator-key')])).toBe(false);
  expect(await ownerOf('operator-key')).toEqual({ role: 'operator', name: 'mira' });
});

test('the role that owns accounts cannot log in, and the service is no member of it', async () => {
  const [role] = await admin.query({
    text: `select rolcanlogin, rolsuper, rolcreaterole, pg_has_role('payfan_transaction', oid, 'member') as is_member
           from pg_roles where rolname = 'payfan_accounts'`,
  });
  expect(role).toEqual({ rolcanlogin: false, rolsuper: false, rolcreaterole: false, is_member: false });
});

test('every function that acts with more rights than its caller is closed to the public', async () => {
  const open = await admin.query({
    text: `select p.oid::regprocedure::text from pg_proc p
           where p.pronamespace = 'transaction'::regnamespace and p.prosecdef
             and has_function_privilege('payfan_email', p.oid, 'execute')`,
  });
  expect(open).toEqual([]);
});
