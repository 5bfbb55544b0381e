import { createHealth, createLogger } from '@payfan/service';
import { waitFor } from '@payfan/stack/testing';
import { smsWorld } from './sms-world.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const sms = (reference: string, fields: object = {}) => ({
  reference,
  to: '+917010233311',
  body: 'You got ₹100.00',
  ...fields,
});

interface SmsPage {
  readonly data: { readonly reference: string; readonly to: string; readonly attempts: number }[];
  readonly nextCursor: string | null;
  readonly total: number;
}

/** The gateway on a free port. `dice` is what random() gives. */
async function startWorld() {
  const settings = { dice: 0 };
  let ids = 0;
  const world = smsWorld({
    logger: createLogger({ service: 'sandbox', level: 'silent' }),
    health: createHealth({}),
    now: Date.now,
    random: () => settings.dice,
    newId: () => String((ids += 1)),
    httpPort: 0,
  });
  const stop = async () => {
    for (const part of [...world.parts].reverse()) await part.stop();
  };
  stops.push(stop);
  for (const part of world.parts) await part.start();
  const url = `http://127.0.0.1:${world.http.port}`;

  const put = (method: string, path: string, body: unknown, init: RequestInit = {}) =>
    fetch(`${url}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...init,
    });
  const list = async (query = '') => (await (await fetch(`${url}/messages${query}`)).json()) as SmsPage;
  return {
    settings,
    stop,
    url,
    put,
    list,
    send: (body: unknown, init?: RequestInit) => put('POST', '/messages', body, init),
    behave: async (behaviour: object) => {
      expect((await put('PUT', '/behaviour', behaviour)).status).toBe(200);
    },
    references: async (query?: string) => (await list(query)).data.map(({ reference }) => reference),
    outcomes: async () => {
      const log = (await (await fetch(`${url}/attempts`)).json()) as { data: { outcome: string }[] };
      return log.data.map(({ outcome }) => outcome);
    },
  };
}

test('the same reference is one message, also when it comes many times at once', async () => {
  const { send, list, url, outcomes } = await startWorld();
  const answers = await Promise.all(Array.from({ length: 20 }, () => send(sms('d-1'))));
  expect(answers.map(({ status }) => status).sort()).toEqual([...Array<number>(19).fill(200), 201]);
  const bodies = (await Promise.all(answers.map((answer) => answer.json()))) as { id: string }[];
  expect(new Set(bodies.map(({ id }) => id))).toEqual(new Set(['sms_1']));

  expect(await list()).toMatchObject({ data: [{ reference: 'd-1', attempts: 20 }], total: 1 });
  expect(await (await fetch(`${url}/messages/d-1`)).json()).toMatchObject({ id: 'sms_1', ...sms('d-1') });
  expect((await fetch(`${url}/messages/d-2`)).status).toBe(404);

  for (const other of [{ body: 'Other' }, { to: '+917010233312' }]) {
    const answer = await send(sms('d-1', other));
    expect([answer.status, await answer.json()]).toEqual([
      409,
      expect.objectContaining({ code: 'reference_reused' }),
    ]);
  }
  expect((await outcomes()).filter((outcome) => outcome === 'stored')).toHaveLength(1);
});

test('a reference is found whatever it is made of', async () => {
  const { send, url } = await startWorld();
  const reference = 'a/b?c=%41&d#"<~>"';
  expect((await send(sms(reference))).status).toBe(201);
  const found = await fetch(`${url}/messages/${encodeURIComponent(reference)}`);
  expect(await found.json()).toMatchObject({ reference });
});

test('failRate refuses for now, by the dice: as away, or as too busy', async () => {
  const { send, behave, list, settings, outcomes } = await startWorld();
  await behave({ failRate: 0.5 });
  settings.dice = 0.4;
  expect(await (await send(sms('d-1'))).json()).toMatchObject({ status: 503, code: 'gateway_unavailable' });
  await behave({ failRate: 0.5, retryAfterSeconds: 7 });
  const busy = await send(sms('d-1'));
  expect([busy.status, busy.headers.get('retry-after')]).toEqual([429, '7']);
  expect((await list()).total).toBe(0);
  settings.dice = 0.6;
  expect((await send(sms('d-1'))).status).toBe(201);
  expect(await outcomes()).toEqual(['failed', 'throttled', 'stored']);
});

test('reject refuses for good, some or all', async () => {
  const { send, behave, references } = await startWorld();
  await behave({ reject: ['+917010233311'] });
  expect(await (await send(sms('d-1'))).json()).toMatchObject({ status: 422, code: 'recipient_rejected' });
  expect((await send(sms('d-2', { to: '+917010233312' }))).status).toBe(201);
  await behave({ reject: true });
  expect((await send(sms('d-3', { to: '+917010233312' }))).status).toBe(422);
  expect(await references()).toEqual(['d-2']);
});

test('hang stores and never answers; looking it up tells that it was accepted', async () => {
  const { send, behave, url, references } = await startWorld();
  await behave({ hang: 20 });
  await expect(send(sms('d-1'))).rejects.toThrow('fetch failed');

  await behave({ hang: true });
  const impatient = new AbortController();
  const unanswered = send(sms('d-2'), { signal: impatient.signal }).catch((error: unknown) => error);
  await waitFor(async () => (await fetch(`${url}/messages/d-2`)).ok, { what: 'storing' });
  impatient.abort();
  expect(await unanswered).toMatchObject({ name: 'AbortError' });

  await behave({});
  expect((await send(sms('d-2'))).status).toBe(200);
  expect(await references()).toEqual(['d-2', 'd-1']);
});

test('an answer may be late; neither that nor a line that hangs outlives the gateway', async () => {
  const { send, behave, list, stop } = await startWorld();
  await behave({ delayMs: 600_000 });
  const late = send(sms('d-1'));
  await waitFor(async () => (await list()).total === 1, { what: 'storing' });
  await behave({ hang: true });
  const hung = send(sms('d-2')).catch((error: unknown) => error);
  await waitFor(async () => (await list()).total === 2, { what: 'storing' });

  await stop();
  expect((await late).status).toBe(201);
  expect(await hung).toMatchObject({ message: 'fetch failed' });
});

test('lists by recipient, in pages that lead through all', async () => {
  const { send, references, list, url } = await startWorld();
  for (let n = 1; n <= 5; n += 1) await send(sms(`d-${n}`, n === 3 ? { to: '+917010233312' } : {}));
  expect(await references('?to=%2B917010233312')).toEqual(['d-3']);

  const seen: string[][] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page: SmsPage = await list(`?limit=2${cursor === '' ? '' : `&after=${cursor}`}`);
    expect(page.total).toBe(5);
    seen.push(page.data.map(({ reference }) => reference));
    cursor = page.nextCursor;
  }
  expect(seen).toEqual([['d-5', 'd-4'], ['d-3', 'd-2'], ['d-1']]);

  expect((await fetch(`${url}/messages`, { method: 'DELETE' })).status).toBe(204);
  expect(await list()).toEqual({ data: [], nextCursor: null, total: 0 });
  expect((await send(sms('d-1'))).status).toBe(201);
});

test('the page shows every phone, and runs nothing that a message says', async () => {
  const { send, url } = await startWorld();
  expect(await (await fetch(url)).text()).toContain(`curl http://${new URL(url).host}/messages`);
  await send(sms('"><img/src=x>', { body: '<script>alert(1)</script>' }));
  await send(sms('d-2', { to: '+917010233312' }));
  await send(sms('d-2', { to: '+917010233312' }));

  const page = await fetch(url);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'; style-src 'self'");
  const markup = await page.text();
  expect(markup).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(markup).toContain('sent to us 2 times');
  expect(markup).not.toContain('<img');
  expect(markup.match(/<script/g)).toHaveLength(1);
  expect(await (await fetch(`${url}/?to=%2B917010233312`)).text()).not.toContain('alert(1)');
});

test.each([
  ['a line break in the text', { ...sms('d-1'), body: 'Paid\r\nBcc: everybody' }, ['body']],
  ['a line separator of Unicode', { ...sms('d-1'), body: 'Paid\u2028more' }, ['body']],
  ['a text that is too long', { ...sms('d-1'), body: 'x'.repeat(1_601) }, ['body']],
  [
    'line breaks in reference and recipient',
    { ...sms('d\n1'), to: '+917010233311\r\n+917010233312' },
    ['reference', 'to'],
  ],
  ['what is empty', { reference: '', to: '7010233311', body: '' }, ['reference', 'to', 'body']],
  ['a field that nobody knows', { ...sms('d-1'), from: 'PAYFAN' }, ['from']],
  ['a prototype', '{"__proto__":{"reference":"d-1"}}', ['reference', 'to', 'body', '__proto__']],
  ['a list', '[]', ['']],
])('%s is refused, field by field', async (_what, body, fields) => {
  const { send, list, outcomes } = await startWorld();
  const answer = await send(body);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'application/problem+json']);
  const { errors } = (await answer.json()) as { errors: { in: string; path: string }[] };
  expect(errors.map(({ path }) => path)).toEqual(expect.arrayContaining(fields));
  expect(new Set(errors.map((error) => error.in))).toEqual(new Set(['body']));
  expect([(await list()).total, await outcomes()]).toEqual([0, ['invalid']]);
});

test('a body beyond reason is refused by its size', async () => {
  const { send, list } = await startWorld();
  const answer = await send(sms('d-1', { body: 'x'.repeat(1_000_000) }));
  expect(await answer.json()).toMatchObject({ status: 413, code: 'payload_too_large' });
  expect((await list()).total).toBe(0);
});
