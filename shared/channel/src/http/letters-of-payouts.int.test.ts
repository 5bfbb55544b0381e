import { randomUUID } from 'node:crypto';
import type { DeadLetter } from '@payfan/contracts';
import { openDatabase, type Database } from '@payfan/database';
import { freshDatabase, type FreshDatabase } from '@payfan/stack/testing';
import { somePayout, someTransfer } from '../contract.ts';
import { startChannelApi } from '../testing/channel-api.ts';
import { letDie } from '../testing/let-die.ts';

const payout = somePayout();
const { payoutId } = payout.data;
const part = someTransfer({ lane: 'bulk', payoutId });
const partOfAnother = someTransfer({ lane: 'bulk', payoutId: randomUUID() });
const impostor = someTransfer({ note: `","payoutId":"${payoutId}"` });
let fresh: FreshDatabase;
let database: Database;
let api: Awaited<ReturnType<typeof startChannelApi>>;

beforeAll(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ url: fresh.urlFor('phone'), name: 'phone' });
  api = await startChannelApi({ channel: 'phone', database });
  await letDie(database, payout, { role: 'payer', error: 'the whole' });
  await letDie(database, part, { error: 'a part' });
  await letDie(database, partOfAnother, { error: 'a part of another' });
  await letDie(database, impostor, { error: 'no part' });
});
afterAll(async () => {
  await api.stop();
  await database.stop();
  await fresh.drop();
});

const list = async (query: string) =>
  (await api.get<{ data: DeadLetter[] }>(`/v1/dead-letters?${query}`)).body.data;

test('the letters of a payout are those of its transfers and of the payout as a whole', async () => {
  const letters = await list(`payoutId=${payoutId}`);
  expect(letters.map(({ error, ...letter }) => [error, letter.payoutId, letter.transferId])).toEqual([
    ['a part', payoutId, part.data.transferId],
    ['the whole', payoutId, null],
  ]);
  expect(await list(`payoutId=${payoutId}&transferId=${part.data.transferId}`)).toHaveLength(1);
  expect(await list(`payoutId=${randomUUID()}`)).toEqual([]);
});

test('what a person wrote into a note makes no letter one of a payout', async () => {
  const [letter] = await list(`transferId=${impostor.data.transferId}`);
  expect(letter).toMatchObject({ error: 'no part', payoutId: null });
});

test('a replay may be of one payout', async () => {
  const dryRun = { filter: { payoutId }, dryRun: true };
  expect((await api.post('/v1/dead-letters/replay', dryRun)).body).toMatchObject({ matched: 2 });
});
