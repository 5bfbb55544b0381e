import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { openDatabase } from '@payfan/database';
import { freshDatabase } from '@payfan/stack/testing';
import { normaliseError } from './normalise-error.ts';

const sqlOf = (name: string) => readFile(path.join(__dirname, '../migrations', name), 'utf8');

test('letters from before there were groups are open, in the groups where new ones of their kind go', async () => {
  const errors = [
    '550 5.1.1 <ravi@example.com>: no such user',
    '400 no such number +917010233311',
    'no answer\r\nwithin 10000 ms',
    'reference 018f3c2a-0000-7000-8000-00000000abcd.payee is taken',
    `503 ${'x'.repeat(600)}`,
  ];
  const fresh = await freshDatabase();
  const admin = openDatabase({ url: fresh.adminUrl, name: 'migrations', max: 1 });
  const letters = await admin.transaction(async (tx) => {
    // As it was before: only the first migration.
    await tx.query({
      text: 'drop schema phone cascade; create schema phone; set local search_path to phone',
    });
    await tx.query({ text: await sqlOf('0001_deliveries.sql') });
    await tx.query({
      text: `insert into dead_letters (subject, reason, error, attempts, routing_key, headers, body)
             select error, 'rejected', error, 1, '', '{}', '' from unnest($1::text[]) as e (error)`,
      values: [errors],
    });
    await tx.query({ text: await sqlOf('0002_dead_letter_replay.sql') });
    return tx.query({ text: 'select error_group as "group", state, replays from dead_letters order by id' });
  });
  await admin.stop();
  await fresh.drop();
  expect(letters).toEqual(
    errors.map((error) => ({ group: normaliseError(error), state: 'open', replays: 0 })),
  );
});
