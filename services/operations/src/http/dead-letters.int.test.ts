import type { RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';
import { ROUTE_GRANTS, type ReplayRequest } from '@payfan/contracts';
import type { Principal } from '@payfan/service';
import { deadLetterRoutes } from './dead-letters.ts';
import { Bench, json, NOBODY, silent } from './testing.ts';

const bench = new Bench();
afterEach(() => bench.close());

interface Answer {
  data: { id: string }[];
  unavailable: string[];
  nextCursor: string | null;
  code: string;
  detail: string;
}

async function ask(channels: Record<string, RequestListener | string>, principal?: Principal) {
  const urls = await bench.channels(channels);
  return bench.operations<Answer>(
    (api) => deadLetterRoutes(api, { channels: urls, logger: silent }),
    principal,
  );
}

const letter = (id: string, second: number) => ({
  id,
  channel: id.split('-')[0],
  subject: 'sha256:0',
  eventId: null,
  role: null,
  transferId: null,
  payoutId: null,
  lane: 'bulk',
  reason: 'unreadable',
  error: 'malformed: the body is not JSON',
  group: 'malformed: the body is not JSON',
  attempts: 0,
  times: 1,
  state: 'open',
  replays: 0,
  createdAt: new Date(second * 1_000).toISOString(),
  lastAt: new Date(second * 1_000).toISOString(),
});
const group = (channel: string, count: number) => ({
  channel,
  reason: 'unreadable',
  group: 'x',
  count,
  oldestAt: new Date(0).toISOString(),
  newestAt: new Date(count).toISOString(),
  sampleId: `${channel}-1`,
});
const page = (...data: object[]) => json(200, { data, nextCursor: null });
const replayed = (matched: number, done: number) =>
  json(200, { dryRun: false, matched, replayed: done, remaining: matched - done, refused: 1 });

/** Every way in which a channel may fail to answer. */
const failing: Record<string, RequestListener | string> = {
  away: NOBODY,
  broken: json(500, {}),
  nonsense: json(200, { data: [{ id: 7 }] }),
  notjson: (_request, response) => void response.end('<html>'),
  // Never answers.
  slow: () => undefined,
};

test('one list, newest first; channels that fail in any way are named, and the others are shown', async () => {
  const get = await ask({
    push: page(letter('push-2', 30), letter('push-1', 10)),
    ...failing,
    email: page(letter('email-9', 20)),
  });
  const { status, body } = await get('/v1/dead-letters');
  expect(status).toBe(200);
  expect(body.data.map(({ id }) => id)).toEqual(['push-2', 'email-9', 'push-1']);
  expect(body.unavailable).toEqual(Object.keys(failing));
});

test('groups of all channels, the largest first, and who did not answer', async () => {
  const groups = (...data: object[]) => json(200, { data });
  const get = await ask({
    push: groups(group('push', 2)),
    email: groups(group('email', 7), group('email', 1)),
    phone: NOBODY,
  });
  const { body } = await get('/v1/dead-letters/groups');
  expect(body).toEqual({
    data: [group('email', 7), group('push', 2), group('email', 1)],
    unavailable: ['phone'],
  });
});

test('each channel is asked as the caller, with the filter and its own place in the list', async () => {
  const seen: string[] = [];
  const channel =
    (name: string, ...data: object[]): RequestListener =>
    (request, response) => {
      seen.push(`${name} ${request.headers.authorization} ${String(request.headers['x-correlation-id'])}`);
      seen.push(`${name} ${request.url}`);
      page(...data)(request, response);
    };
  const get = await ask({
    push: channel('push', letter('push-2', 20), letter('push-1', 10)),
    email: channel('email', letter('email-9', 15)),
  });
  const first = await get('/v1/dead-letters?limit=2&reason=rejected&q=no%20such%20user');
  expect(first.body.data.map(({ id }) => id)).toEqual(['push-2', 'email-9']);
  await get(`/v1/dead-letters?limit=2&channel=push&after=${first.body.nextCursor}`);
  expect(seen).toEqual(
    expect.arrayContaining([
      'push Bearer secret corr-7',
      'push /v1/dead-letters?reason=rejected&state=open&q=no+such+user&limit=2',
      'email /v1/dead-letters?reason=rejected&state=open&q=no+such+user&limit=2',
      'push /v1/dead-letters?state=open&limit=2&after=push-2',
    ]),
  );
  expect(seen.filter((line) => line.startsWith('email /'))).toHaveLength(1);
});

describe('one letter', () => {
  test.each([
    ['a channel that has none such', { email: json(404, {}) }, 404, 'not_found'],
    ['no such channel', { push: page() }, 404, 'not_found'],
    ['a channel that is away', { email: NOBODY }, 503, 'temporarily_unavailable'],
    ['a channel that answers nonsense', { email: json(200, {}) }, 503, 'temporarily_unavailable'],
    ['a channel that refuses the caller', { email: json(403, {}) }, 403, 'forbidden'],
  ])('of %s', async (_what, channels, status, code) => {
    const get = await ask(channels);
    expect(await get('/v1/dead-letters/email-17')).toMatchObject({ status, body: { code } });
  });
});

test.each([
  [401, 'unauthenticated'],
  [403, 'forbidden'],
])('a channel’s %i for the caller is passed on by list, groups and replay', async (status, code) => {
  const send = await ask({ push: page(letter('push-1', 1)), email: json(status, {}) });
  expect(await send('/v1/dead-letters')).toMatchObject({ status, body: { code } });
  expect(await send('/v1/dead-letters/groups')).toMatchObject({ status, body: { code } });
  const body = { ids: ['email-1'] };
  expect(await send('/v1/dead-letters/replay', { method: 'POST', body })).toMatchObject({
    status,
    body: { code },
  });
});

test('nobody but an operator gets past operations itself', async () => {
  const channel = jest.fn();
  const send = await ask({ email: channel }, { kind: 'service', name: 'web', grants: [...ROUTE_GRANTS] });
  const replay = { method: 'POST', body: { filter: {} } };
  for (const [path, how] of [
    ['/v1/dead-letters', {}],
    ['/v1/dead-letters/groups', {}],
    ['/v1/dead-letters/email-1', {}],
    ['/v1/dead-letters/replay', replay],
  ] as const) {
    expect(await send(path, how)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  }
  expect(channel).not.toHaveBeenCalled();
});

test.each([
  ['/v1/dead-letters?channel=pigeon', 'There is no channel pigeon. There are: push, email.'],
  ['/v1/dead-letters?after=x', 'after: must be the nextCursor of a page before'],
])('%s is refused', async (path, detail) => {
  const get = await ask({ push: page(), email: page() });
  expect(await get(path)).toMatchObject({ status: 400, body: { code: 'invalid_request', detail } });
});

describe('replay', () => {
  /** A channel with so many open letters, which notes what it is asked. */
  function channel(name: string, matched: number, seen: [string, ReplayRequest][]): RequestListener {
    return (request, response) => {
      void text(request).then((body) => {
        const asked = JSON.parse(body) as ReplayRequest;
        seen.push([name, asked]);
        const done = asked.dryRun ? 0 : Math.min(matched, asked.limit);
        replayed(matched, done)(request, response);
      });
    };
  }
  const post = (send: Awaited<ReturnType<typeof ask>>, body: object) =>
    send('/v1/dead-letters/replay', { method: 'POST', body });

  test('the limit holds over all channels, and the sums are over all', async () => {
    const seen: [string, ReplayRequest][] = [];
    const send = await ask({
      push: channel('push', 3, seen),
      phone: channel('phone', 4, seen),
      email: channel('email', 5, seen),
    });
    const { body } = await post(send, { filter: { lane: 'bulk' }, limit: 5, ratePerSecond: 7 });
    expect(body).toEqual({
      ...{ dryRun: false, matched: 12, replayed: 5, remaining: 7, refused: 3 },
      unavailable: [],
    });
    const filter = { lane: 'bulk', state: 'open' };
    expect(seen.filter(([, { dryRun }]) => dryRun).map(([name]) => name)).toHaveLength(3);
    expect(seen.filter(([, { dryRun }]) => !dryRun).sort()).toEqual([
      ['email', { filter, dryRun: false, limit: 1, ratePerSecond: 7 }],
      ['phone', { filter, dryRun: false, limit: 2, ratePerSecond: 7 }],
      ['push', { filter, dryRun: false, limit: 2, ratePerSecond: 7 }],
    ]);
  });

  test('ids go to the channels that they name, and to no other', async () => {
    const seen: [string, ReplayRequest][] = [];
    const send = await ask({ push: channel('push', 1, seen), 'web-push': channel('web-push', 2, seen) });
    await post(send, { ids: ['web-push-1', 'web-push-2'], dryRun: true });
    expect(seen).toEqual([
      ['web-push', { ids: ['web-push-1', 'web-push-2'], dryRun: true, limit: 500, ratePerSecond: 50 }],
    ]);
    expect(await post(send, { ids: ['pigeon-1'] })).toMatchObject({
      status: 400,
      body: { detail: 'There is no channel pigeon. There are: push, web-push.' },
    });
  });

  test('a channel that is away is named, and the others’ result is kept', async () => {
    const send = await ask({ push: channel('push', 3, []), phone: NOBODY, email: json(503, {}) });
    const { status, body } = await post(send, { filter: {} });
    expect(status).toBe(200);
    expect(body).toEqual({
      dryRun: false,
      matched: 3,
      replayed: 3,
      remaining: 0,
      refused: 1,
      unavailable: ['phone', 'email'],
    });
  });

  test('so is one that fails after it has counted', async () => {
    let asked = 0;
    const send = await ask({
      push: channel('push', 3, []),
      email: (request, response) => {
        asked += 1;
        if (asked === 1) replayed(9, 0)(request, response);
        else response.destroy();
      },
    });
    const { body } = await post(send, { filter: {} });
    expect(body).toMatchObject({ matched: 3, replayed: 3, remaining: 0, unavailable: ['email'] });
  });

  test('a channel without a share is reported as it was counted', async () => {
    const send = await ask({ push: channel('push', 3, []), email: channel('email', 9, []) });
    const { body } = await post(send, { filter: {}, limit: 2 });
    expect(body).toMatchObject({ matched: 12, replayed: 2, remaining: 10 });
  });

  test('either ids or a filter: not both, not neither', async () => {
    const send = await ask({ push: channel('push', 3, []) });
    for (const body of [{}, { ids: ['push-1'], filter: {} }, { ids: [] }]) {
      expect(await post(send, body)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    }
  });
});
