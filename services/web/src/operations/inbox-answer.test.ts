import { inboxAnswer } from './inbox-answer.ts';

const OURS = new Headers({ 'sec-fetch-site': 'same-origin' });
const THEIRS = new Headers({ 'sec-fetch-site': 'same-site' });
const ACCESS = { transactionUrl: 'http://transaction', serviceKey: 'key-of-web', clientAddress: '192.0.2.7' };
const ADDRESS = 'http://mail/api/v2/messages';
const tokenOf = (claims: object) => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;
const OPERATOR = { sub: 'operator', role: 'operator' };
const ASHA = { sub: 'asha', role: 'account', tier: 'premium' };

afterEach(() => jest.restoreAllMocks());

/** The transaction service gives such a token, or answers with this status; the inbox answers so. */
function outside({
  exchange,
  inbox = Response.json(['m1']),
}: {
  exchange: object | number;
  inbox?: Response;
}) {
  return jest.spyOn(globalThis, 'fetch').mockImplementation((url) => {
    if (url === ADDRESS) return Promise.resolve(inbox);
    if (typeof exchange === 'number') return Promise.resolve(new Response(null, { status: exchange }));
    return Promise.resolve(Response.json({ token: tokenOf(exchange), expiresAt: '2026-01-01T00:00:00Z' }));
  });
}

async function ask({
  headers = OURS,
  session = 'a-session',
  address = ADDRESS,
}: { headers?: Headers; session?: string | undefined; address?: string | undefined } = {}) {
  const read = (answer: unknown) =>
    (answer as string[]).map((id) => ({ id, to: 't', subject: null, text: '', at: '' }));
  const answer = await inboxAnswer({ headers, session, access: ACCESS }, { address, read });
  const body = (await answer.json()) as { code?: string; data?: { id: string }[] };
  return {
    status: answer.status,
    code: body.code,
    ids: body.data?.map(({ id }) => id),
    headers: answer.headers,
  };
}

test.each([
  ['', OURS],
  [' over plain http, which says nothing of where it comes from', new Headers()],
])('an operator at a page of ours%s reads it, and nothing keeps the answer', async (_over, asking) => {
  outside({ exchange: OPERATOR });
  const { status, ids, headers } = await ask({ headers: asking });
  expect([status, ids, headers.get('cache-control')]).toEqual([200, ['m1'], 'no-store']);
});

test.each([
  ['a person with a wallet', { exchange: ASHA }, {}, 403, 'forbidden'],
  ['a service', { exchange: { sub: 'gateway', role: 'service' } }, {}, 403, 'forbidden'],
  ['a page of somebody else', { exchange: OPERATOR }, { headers: THEIRS }, 403, 'forbidden'],
  ['a session that has ended', { exchange: 401 }, {}, 401, 'unauthenticated'],
  ['a session that is none', { exchange: 401 }, { session: '' }, 401, 'unauthenticated'],
  ['an operator, whose session cannot be checked', { exchange: 503 }, {}, 503, 'temporarily_unavailable'],
])('%s does not, and the inbox is not even asked', async (_who, given, asked, status, code) => {
  const fetches = outside(given);
  expect(await ask(asked)).toMatchObject({ status, code });
  expect(fetches.mock.calls.map(([url]) => url)).not.toContain(ADDRESS);
});

test('nobody does without a session', async () => {
  const fetches = outside({ exchange: OPERATOR });
  const answer = await inboxAnswer(
    { headers: OURS, session: undefined, access: ACCESS },
    { address: ADDRESS, read: () => [] },
  );
  expect([answer.status, fetches.mock.calls]).toEqual([401, []]);
});

test('an inbox that is away says so', async () => {
  outside({ exchange: OPERATOR, inbox: new Response('?', { status: 502 }) });
  expect(await ask()).toMatchObject({ status: 503, code: 'temporarily_unavailable' });
});

test('where there is none, there is nothing to be had', async () => {
  const answer = await inboxAnswer(
    { headers: OURS, session: 'a-session', access: ACCESS },
    { address: undefined, read: () => [] },
  );
  expect(answer.status).toBe(404);
});
