import type { DeadLetter, DeadLetterDetail, DeadLetterGroup } from '@payfan/contracts';
import { openDatabase, type Database } from '@payfan/database';
import { openBroker, type Broker } from '@payfan/messaging';
import { createLogger } from '@payfan/service';
import { freePort, freshDatabase, type FreshDatabase } from '@payfan/stack/testing';
import { someTransfer } from '../contract.ts';
import { storeUnreadable } from '../dead-letter-store.ts';
import { startChannelApi } from '../testing/channel-api.ts';
import { letDie } from '../testing/let-die.ts';

const gone = someTransfer({ note: 'Grüße, 100% _sicher_' });
const full = someTransfer({ lane: 'bulk' });
const late = someTransfer();
let fresh: FreshDatabase;
let database: Database;
let broker: Broker;
let api: Awaited<ReturnType<typeof startChannelApi>>;

beforeAll(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ url: fresh.urlFor('phone'), name: 'phone' });
  const log = createLogger({ service: 'phone', level: 'silent' });
  const nobody = `amqp://127.0.0.1:${await freePort()}`;
  broker = openBroker({
    urls: [nobody],
    name: 'phone',
    log,
    topology: { exchanges: [], queues: [], bindings: [] },
  });
  api = await startChannelApi({ channel: 'phone', database, broker });

  await letDie(database, gone, { role: 'payer', error: `550 no such number ${gone.data.payer.phone}` });
  await letDie(database, gone, { role: 'payee', error: `550 no such number ${gone.data.payee.phone}` });
  await letDie(database, full, { reason: 'exhausted', error: '503; 429 \\ 50% _done_' });
  await letDie(database, late, { reason: 'delivery_limit', error: 'the broker gave up' });
  await unreadable();
  await database.query({
    text: `update dead_letters set last_at = '2026-01-01T00:00:00Z' where reason = 'delivery_limit'`,
  });
  await database.query({
    text: `update dead_letters set state = 'replayed', replays = 1 where reason = 'exhausted'`,
  });
});
afterAll(async () => {
  await api.stop();
  await broker.stop();
  await database.stop();
  await fresh.drop();
});

const unreadable = () =>
  storeUnreadable(database, {
    reason: 'unreadable',
    error: 'malformed: the body is not JSON\0',
    lane: null,
    routingKey: 'a.b.bulk',
    headers: { odd: 'a\0b' },
    body: Buffer.from([0xff, 0x00, 0x41]),
  });

interface Page {
  data: DeadLetter[];
  nextCursor: string | null;
}
const list = (query = '') => api.get<Page>(`/v1/dead-letters${query}`);
const reasons = async (query: string) => (await list(query)).body.data.map(({ reason }) => reason).join();

test('a letter as a list tells of it', async () => {
  const { body } = await list(`?transferId=${gone.data.transferId}`);
  expect(body.data[0]).toEqual({
    id: 'phone-2',
    channel: 'phone',
    subject: `${gone.id}.payee`,
    eventId: gone.id,
    role: 'payee',
    transferId: gone.data.transferId,
    payoutId: null,
    lane: 'interactive',
    reason: 'rejected',
    error: `550 no such number ${gone.data.payee.phone}`,
    group: '550 no such number <phone>',
    attempts: 1,
    times: 1,
    state: 'open',
    replays: 0,
    createdAt: expect.any(String),
    lastAt: expect.any(String),
  });
});

test.each([
  ['', 'unreadable,delivery_limit,rejected,rejected'],
  ['?state=all', 'unreadable,delivery_limit,exhausted,rejected,rejected'],
  ['?state=replayed', 'exhausted'],
  ['?channel=phone&reason=unreadable', 'unreadable'],
  ['?channel=email', ''],
  ['?reason=delivery_limit', 'delivery_limit'],
  ['?group=550%20no%20such%20number%20%3Cphone%3E', 'rejected,rejected'],
  ['?group=550', ''],
  ['?group=550%00', ''],
  [`?state=all&transferId=${full.data.transferId}`, 'exhausted'],
  ['?state=all&lane=bulk', 'exhausted'],
  ['?until=2026-01-01T05:30:00%2B05:30', ''],
  ['?until=2026-01-01T05:30:01%2B05:30', 'delivery_limit'],
  ['?since=2026-01-02T00:00:00Z', 'unreadable,rejected,rejected'],
  ['?since=2026-01-01T00:00:00Z&reason=delivery_limit', 'delivery_limit'],
])('of the letters, %j selects %j', async (query, expected) => {
  expect(await reasons(query)).toBe(expected);
});

test.each([
  ['in the error', 'NO SUCH number', 'rejected,rejected'],
  ['in the message', late.data.transferId, 'delivery_limit'],
  ['in a message that is no text', 'A', 'unreadable,delivery_limit,rejected,rejected'],
  ['beyond ASCII', 'Grüße', 'rejected,rejected'],
  ['with a NUL', '\0a', 'unreadable'],
  ['that is no wildcard', '%', 'rejected,rejected'],
  ['that is no wildcard either', '100_ _', ''],
  ['with a quote', `' or true --`, ''],
])('a search %s finds what it says and no more', async (_title, q, expected) => {
  expect(await reasons(`?q=${encodeURIComponent(q)}`)).toBe(expected);
});

test('a search for a backslash', async () => {
  expect(await reasons(`?state=all&q=${encodeURIComponent('429 \\ 50% _d')}`)).toBe('exhausted');
});

test('page by page, newest first, each once', async () => {
  const ids: string[] = [];
  let query = '?limit=2';
  for (let more = true; more;) {
    const { body } = await list(query);
    ids.push(...body.data.map(({ id }) => id));
    query = `?limit=2&after=${body.nextCursor}`;
    more = body.nextCursor !== null;
  }
  expect(ids).toEqual(['phone-5', 'phone-4', 'phone-2', 'phone-1']);
});

test.each([
  '?after=0',
  '?after=phone-7',
  '?after=9999999999999999',
  '?limit=201',
  '?reason=none',
  '?since=today',
  '?q=',
  '?x=1',
])('a list %s is refused', async (query) => {
  expect(await list(query)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
});

test('what they died of, the most frequent first', async () => {
  const groups = async (query = '') =>
    (await api.get<{ data: DeadLetterGroup[] }>(`/v1/dead-letters/groups${query}`)).body.data;
  const all = await groups();
  expect(all).toMatchObject([
    { channel: 'phone', reason: 'rejected', group: '550 no such number <phone>', count: 2 },
    { reason: 'unreadable', group: 'malformed: the body is not JSON', count: 1, sampleId: 'phone-5' },
    { reason: 'delivery_limit', count: 1, oldestAt: '2026-01-01T00:00:00.000Z' },
  ]);
  expect(all[0]).toMatchObject({ sampleId: 'phone-2', newestAt: expect.any(String) });
  expect(Date.parse(all[0]!.oldestAt)).toBeLessThanOrEqual(Date.parse(all[0]!.newestAt));
  expect(await groups('?reason=exhausted')).toEqual([]);
  expect(await groups('?state=all&lane=bulk')).toMatchObject([{ reason: 'exhausted', count: 1 }]);
  expect(await groups('?channel=email')).toEqual([]);
});

test('one letter, with the message as it came', async () => {
  expect((await api.get<DeadLetterDetail>('/v1/dead-letters/phone-2')).body).toMatchObject({
    id: 'phone-2',
    body: JSON.stringify(gone),
    headers: { traceparent: gone.traceparent },
    routingKey: 'transfer.completed.interactive',
    history: [],
  });
  expect((await api.get<DeadLetterDetail>('/v1/dead-letters/phone-5')).body).toMatchObject({
    bodyBase64: '/wBB',
    headers: { odd: 'a\uFFFDb' },
    lane: null,
  });
});

test.each([
  ['phone-999999', 404, 'not_found'],
  ['phone-9999999999999999', 404, 'not_found'],
  ['email-2', 404, 'not_found'],
  ['phone-x-2', 404, 'not_found'],
  ['2', 400, 'invalid_request'],
  ['phone-0', 400, 'invalid_request'],
])('letter %s is answered with %i', async (id, status, code) => {
  expect(await api.get(`/v1/dead-letters/${id}`)).toMatchObject({ status, body: { code } });
});

test('dead letters are for operators only', async () => {
  const refused = { status: 403, body: { code: 'forbidden' } };
  for (const path of ['', '/groups', '/phone-1']) {
    expect(await api.get(`/v1/dead-letters${path}`, 'service')).toMatchObject(refused);
  }
  const replay = { ids: ['phone-1'], dryRun: true };
  expect(await api.post('/v1/dead-letters/replay', replay, 'service')).toMatchObject(refused);
});

test.each([
  {},
  { ids: [] },
  { ids: ['phone-1'], filter: {} },
  { ids: ['1'] },
  { filter: {}, limit: 501 },
  { filter: {}, ratePerSecond: 0 },
  { filter: { reason: 'x' } },
])('a replay of %j is refused', async (body) => {
  expect(await api.post('/v1/dead-letters/replay', body)).toMatchObject({
    status: 400,
    body: { code: 'invalid_request' },
  });
});

test.each([
  [{ filter: {} }, 4],
  [{ filter: { state: 'all' } }, 4],
  [{ filter: { state: 'replayed' } }, 0],
  [{ filter: { channel: 'email' } }, 0],
  [{ filter: { reason: 'rejected' }, limit: 1 }, 2],
  [{ ids: ['phone-1', 'phone-3', 'phone-5', 'email-2', 'phone-77'] }, 2],
])('a dry run of %j matches %i, and changes nothing', async (wish, matched) => {
  const before = (await list('?state=all')).body;
  const { body } = await api.post('/v1/dead-letters/replay', { ...wish, dryRun: true });
  expect(body).toEqual({ dryRun: true, matched, replayed: 0, remaining: matched, refused: 0 });
  expect((await list('?state=all')).body).toEqual(before);
});

test('while the broker is away a replay says so, and everything is as it was', async () => {
  const answer = await api.post('/v1/dead-letters/replay', { filter: {} });
  expect(answer).toMatchObject({ status: 503, body: { code: 'temporarily_unavailable' } });
  expect(answer.headers.get('retry-after')).toBe('5');
  const touched = await database.query({
    text: `select 1 from deliveries where status <> 'dead'
           union all select 1 from dead_letters where replaying_until is not null`,
  });
  expect(touched).toEqual([]);
});

test('the same bytes again are the same letter, once more', async () => {
  await unreadable();
  expect((await list('?reason=unreadable')).body.data).toMatchObject([{ id: 'phone-5', times: 2 }]);
});

test('how many are open shows on /metrics', async () => {
  expect(await api.metrics()).toContain('dead_letters_open{service="phone"} 4\n');
});
