import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { MAX_PAYOUT_ERRORS_LISTED } from '@payfan/contracts';
import { waitFor } from '@payfan/stack/testing';
import { HEADER, MEERA, nextKey, openPayoutApi, RAVI, type TestApi } from '../testing/payout-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openPayoutApi({ chunkItems: 2 });
});
afterAll(() => api.close());

const item = (fields: object = {}) => ({ to: RAVI, amount: 100, currency: 'INR', note: 'lunch', ...fields });
const THREE = [item(), item({ to: MEERA, amount: 250, note: 'rent, "May"' }), item({ amount: 1, note: '' })];
const THREE_AS_CSV = `\ufeffto,amount,currency,note\r\n${RAVI},100,INR,lunch\r\n\r\n"+917010233312",250,INR,"rent, ""May"""\r\n07010 233311,1,INR,`;

const stored = async () => [
  await api.count('payouts'),
  await api.count('payout_items'),
  await api.count('payout_chunks'),
  await api.count('outbox'),
];

test('a payout is stored whole, with its chunks, its first turns and whom to tell', async () => {
  const answer = await api.send(THREE, { headers: { 'x-correlation-id': 'corr-1' } });
  const { id } = answer.body as { id: string };
  expect(answer.status).toBe(202);
  expect(answer.body).toEqual({ id, status: 'processing', lane: 'premium', total: 3 });
  expect(answer.headers.get('location')).toBe(`/v1/payouts/${id}`);
  expect(answer.headers.get('idempotent-replayed')).toBeNull();

  const values = [id];
  const [payout] = await api.admin.query({
    text: 'select lane, total, amount, currency, owner, correlation_id from payout.payouts where id = $1',
    values,
  });
  expect(payout).toEqual({
    lane: 'premium',
    total: 3,
    amount: 351,
    currency: 'INR',
    owner: {
      accountId: expect.any(String) as string,
      name: 'Asha Rao',
      phone: '+917010233310',
      email: 'asha@example.com',
      language: 'en',
    },
    correlation_id: 'corr-1',
  });
  const items = await api.admin.query({
    text: `select line, payee_phone, amount, note, status from payout.payout_items where payout_id = $1 order by line`,
    values,
  });
  expect(items).toEqual([
    { line: 1, payee_phone: '+917010233311', amount: 100, note: 'lunch', status: 'pending' },
    { line: 2, payee_phone: '+917010233312', amount: 250, note: 'rent, "May"', status: 'pending' },
    { line: 3, payee_phone: '+917010233311', amount: 1, note: '', status: 'pending' },
  ]);
  const chunks = await api.admin.query({
    text: `select chunk, first_line, last_line, items, status from payout.payout_chunks where payout_id = $1 order by chunk`,
    values,
  });
  expect(chunks).toEqual([
    { chunk: 1, first_line: 1, last_line: 2, items: 2, status: 'pending' },
    { chunk: 2, first_line: 3, last_line: 3, items: 1, status: 'pending' },
  ]);
  const turns = await api.admin.query({
    text: `select exchange, routing_key, body::json -> 'data' ->> 'payoutId' as payout,
                  body::json ->> 'correlationid' as correlation
           from payout.outbox where body::json ->> 'subject' = $1`,
    values,
  });
  const turn = { exchange: 'payouts', routing_key: 'premium', payout: id, correlation: 'corr-1' };
  expect(turns).toEqual([turn, turn]);
});

test('the sample in the documentation is a payout', async () => {
  const sample = readFileSync(path.resolve(__dirname, '../../../../docs/sample-payout.csv'));
  expect(await api.send(sample)).toMatchObject({ status: 202, body: { lane: 'premium', total: 3 } });
});

test('the lane is that of the owner', async () => {
  const answer = await api.send([item({ to: MEERA, amount: 1 })], { key: 'demo_ravi' });
  expect(answer.body).toMatchObject({ status: 'processing', lane: 'free', total: 1 });
});

test('CSV and JSON that mean the same are the same request', async () => {
  const idempotencyKey = nextKey();
  const first = await api.send(THREE_AS_CSV, {
    idempotencyKey,
    type: 'text/csv; charset=UTF-8; header=present',
  });
  expect([first.status, first.body['total']]).toEqual([202, 3]);
  const before = await stored();
  const second = await api.send(THREE, { idempotencyKey });
  expect([second.status, second.body]).toEqual([202, first.body]);
  expect(second.headers.get('idempotent-replayed')).toBe('true');
  expect(second.headers.get('location')).toBe(first.headers.get('location'));
  expect(await stored()).toEqual(before);
  const lines = await api.admin.query<{ line: number }>({
    text: 'select line from payout.payout_items where payout_id = $1 order by line',
    values: [first.body['id']],
  });
  expect(lines.map(({ line }) => line)).toEqual([2, 4, 5]);
});

test('the same key with another payout is refused, and another account may use the same key', async () => {
  const idempotencyKey = nextKey();
  await api.send(THREE, { idempotencyKey });
  const others = [
    THREE.slice(1),
    [...THREE].reverse(),
    [...THREE, item()],
    [item({ amount: 101 }), ...THREE.slice(1)],
  ];
  for (const other of others) {
    expect(await api.send(other, { idempotencyKey })).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused' },
    });
  }
  const neighbour = await api.send([item({ to: MEERA })], { idempotencyKey, key: 'demo_ravi' });
  expect([neighbour.status, neighbour.headers.get('idempotent-replayed')]).toEqual([202, null]);
});

test('equal requests at once make one payout and get one answer', async () => {
  const idempotencyKey = nextKey();
  const before = await api.count('payouts');
  const answers = await Promise.all([1, 2].map(() => api.send(THREE, { idempotencyKey })));
  expect(answers.map(({ status }) => status)).toEqual([202, 202]);
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  expect(answers.filter(({ headers }) => headers.has('idempotent-replayed'))).toHaveLength(1);
  expect(await api.count('payouts')).toBe(before + 1);
});

test('a sum that is not there is refused, stored nowhere, and its key stays free', async () => {
  const idempotencyKey = nextKey();
  const before = await stored();
  const refused = await api.send([item({ amount: 50_000 }), item({ amount: 60_000 })], {
    key: 'demo_meera',
    idempotencyKey,
  });
  expect(refused).toMatchObject({
    status: 402,
    body: { code: 'insufficient_funds', amount: 110_000, balance: 100_000 },
  });
  const beyond = Array.from({ length: 3 }, () => item({ amount: Number.MAX_SAFE_INTEGER }));
  expect(await api.send(beyond)).toMatchObject({ status: 402, body: { code: 'insufficient_funds' } });
  expect(await stored()).toEqual(before);
  expect((await api.send([item({ amount: 100_000 })], { key: 'demo_meera', idempotencyKey })).status).toBe(
    202,
  );
});

describe('lines that are wrong', () => {
  const BAD = [
    ['nobody', '100', 'INR', ''],
    [RAVI, '100.50', 'INR', ''],
    [RAVI, '0', 'INR', ''],
    [RAVI, '', 'INR', ''],
    [RAVI, '9007199254740993', 'INR', ''],
    [RAVI, '100', 'USD', ''],
    [RAVI, '100', 'INR', 'x'.repeat(141)],
    [RAVI, '100', 'INR', '"two\nlines"'],
    ['x', 'y', 'z', ''],
  ];
  const GOOD_LINE = `${RAVI},100,INR,lunch\n`;
  const csv =
    HEADER + GOOD_LINE + BAD.map((fields) => `${fields.join()}\n`).join('') + `${RAVI},100\n${GOOD_LINE}`;

  test('are all reported by line, and nothing is stored', async () => {
    const before = await stored();
    const answer = await api.send(csv);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'invalid_request', errorCount: 12 });
    expect(answer.body.errors?.map(({ line, path }) => `${line} ${path}`)).toEqual([
      '3 to',
      '4 amount',
      '5 amount',
      '6 amount',
      '7 amount',
      '8 currency',
      '9 note',
      '10 note',
      '12 to',
      '12 amount',
      '12 currency',
      '13 ',
    ]);
    expect(answer.body['detail']).toBe(
      'Line 3, to: must be a phone number, such as 7010233311 or +917010233311. ' +
        '12 mistakes in 10 lines; `errors` names the first 12. This request stored nothing.',
    );
    expect(await stored()).toEqual(before);
  });

  test('are left out where that is asked for, and the answer tells of them, also to a repeat', async () => {
    const sending = { query: '?partial=true', idempotencyKey: nextKey() };
    const answer = await api.send(csv, sending);
    expect(answer).toMatchObject({
      status: 202,
      body: { total: 2, rejected: { lines: 10, errorCount: 12 } },
    });
    expect((answer.body['rejected'] as { errors: object[] }).errors).toHaveLength(12);
    const lines = await api.admin.query<{ line: number }>({
      text: 'select line from payout.payout_items where payout_id = $1 order by line',
      values: [answer.body['id']],
    });
    expect(lines.map(({ line }) => line)).toEqual([2, 14]);
    // Also one that does not ask for it: there is a payout under its key, so nobody may be told that there is none.
    for (const again of [sending, { ...sending, query: '' }]) {
      const repeat = await api.send(csv, again);
      expect([repeat.text, repeat.headers.get('idempotent-replayed')]).toEqual([answer.text, 'true']);
    }
    // With other bad lines it is another request.
    for (const [line, other] of [
      ['nobody', 'somebody'],
      [`${RAVI},100\n`, `${RAVI},200\n`],
      [`${RAVI},100\n`, ''],
    ] as const) {
      expect((await api.send(csv.replace(`\n${line}`, `\n${other}`), sending)).status).toBe(422);
    }
  });

  test('are described up to a number, counted beyond it, and listed all by line', async () => {
    const lines = Array.from({ length: 5_000 }, (_, n) =>
      n % 2 === 0 ? `${RAVI},zero,INR,` : GOOD_LINE.trim(),
    );
    const answer = await api.send(`${HEADER}${lines.join('\n')}\n`);
    expect(answer).toMatchObject({ status: 400, body: { errorCount: 2_500 } });
    expect(answer.body.errors).toHaveLength(MAX_PAYOUT_ERRORS_LISTED);
    const evenLines = Array.from({ length: 2_500 }, (_, n) => 2 + 2 * n);
    expect(answer.body['rejectedLines']).toEqual(evenLines);
  });

  test('are reported in JSON by their place', async () => {
    const items = [
      item(),
      item({ amount: '100' }),
      'lunch',
      null,
      item({ lane: 'premium' }),
      item({ note: 'a\u0000b' }),
    ];
    const answer = await api.send(items as object[]);
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request', errorCount: 5 } });
    expect(answer.body.errors?.map(({ line, path }) => `${line} ${path}`)).toEqual([
      '2 amount',
      '3 ',
      '4 ',
      '5 lane',
      '6 note',
    ]);
    expect(await api.send(items as object[], { query: '?partial=true' })).toMatchObject({
      status: 202,
      body: { total: 1, rejected: { lines: 5, errorCount: 5 } },
    });
  });

  test('make no payout if there is no other line', async () => {
    const none = await api.send(`${HEADER}x,y,z,\n`, { query: '?partial=true' });
    expect(none).toMatchObject({ status: 400, body: { errorCount: 3 } });
    const empty = await api.send(HEADER);
    expect(empty).toMatchObject({ status: 400, body: { code: 'invalid_request', errorCount: 0 } });
    expect(empty.body['detail']).toBe('There is no line to pay. This request stored nothing.');
  });
});

describe('what is no payout', () => {
  test.each<[string, string | Buffer, number, RegExp]>([
    ['semicolons', 'to;amount;currency;note\n', 1, /semicolons, not commas/],
    ['a quote that is never closed', `${HEADER}${RAVI},1,INR,\n"${RAVI},1,INR,\n`, 3, /quote/],
    ['Latin 1', Buffer.from(`${HEADER}${RAVI},1,INR,caf\xe9\n`, 'latin1'), 2, /not UTF-8/],
    ['UTF-16', Buffer.from(`\ufeff${HEADER}`, 'utf16le'), 1, /UTF-16/],
    ['too many lines', HEADER + `${RAVI},1,INR,\n`.repeat(100_001), 100_002, /at most 100000 lines/],
  ])('%s: refused by its line, also where good lines would be taken', async (_what, body, line, message) => {
    const before = await stored();
    for (const query of ['', '?partial=true']) {
      const answer = await api.send(body, { query });
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request', errorCount: 1 } });
      expect(answer.body.errors).toEqual([
        { in: 'body', line, path: '', message: expect.stringMatching(message) as string },
      ]);
    }
    expect(await stored()).toEqual(before);
  });

  test('every other way of being refused has its status and code', async () => {
    const call = (init: RequestInit) => api.call('/v1/payouts', { method: 'POST', ...init });
    const table: [{ status: number; body: Record<string, unknown> }, number, string][] = [
      [await api.send(THREE, { idempotencyKey: null }), 400, 'idempotency_key_missing'],
      [await api.send(THREE_AS_CSV, { idempotencyKey: null }), 400, 'idempotency_key_missing'],
      [await api.send(THREE, { idempotencyKey: 'x'.repeat(256) }), 400, 'idempotency_key_missing'],
      [await api.send([]), 400, 'invalid_request'],
      [await call({ headers: { 'idempotency-key': nextKey() } }), 400, 'invalid_request'],
      [await api.send(THREE, { query: '?partial=yes' }), 400, 'invalid_request'],
      [await api.send(Array.from({ length: 10_001 }, () => item())), 400, 'invalid_request'],
      [await api.send('{"items":', { type: 'application/json' }), 400, 'invalid_request'],
      [await api.send('{"items":[],"lane":"premium"}', { type: 'application/json' }), 400, 'invalid_request'],
      [await api.send(THREE, { key: 'nobody' }), 401, 'unauthenticated'],
      [await api.send(THREE_AS_CSV, { key: 'nobody' }), 401, 'unauthenticated'],
      [await api.send(THREE, { key: 'demo_operator' }), 403, 'forbidden'],
      [await api.send(THREE_AS_CSV, { key: 'demo_service' }), 403, 'forbidden'],
      [
        await api.send(`{"items":["${'x'.repeat(9_000_000)}"]}`, { type: 'application/json' }),
        413,
        'payload_too_large',
      ],
      [await api.send(HEADER + `1,2,3,${'x'.repeat(4_000)}\n`.repeat(9_000)), 413, 'payload_too_large'],
      [await api.send(THREE_AS_CSV, { type: 'text/plain' }), 415, 'unsupported_media_type'],
      [await api.send(THREE_AS_CSV, { type: 'text/csv; charset=latin1' }), 415, 'unsupported_media_type'],
      [
        await api.send(gzipSync(THREE_AS_CSV), { headers: { 'content-encoding': 'gzip' } }),
        415,
        'unsupported_media_type',
      ],
    ];
    expect(table.map(([{ status, body }]) => [status, body['code']])).toEqual(
      table.map(([, status, code]) => [status, code]),
    );
  });

  test('an upload that breaks off leaves nothing behind', async () => {
    const before = await stored();
    const upload = request(`${api.url}/v1/payouts`, {
      method: 'POST',
      headers: {
        authorization: 'Bearer demo_asha',
        'idempotency-key': nextKey(),
        'content-type': 'text/csv',
      },
    });
    const closed = new Promise((resolve) => upload.once('close', resolve));
    upload.on('error', () => undefined);
    upload.write(HEADER + `${RAVI},1,INR,\n`.repeat(2_000));
    upload.destroy();
    await closed;
    // Only once it is over may the account send four more at once.
    await waitFor(
      async () => {
        const answers = await Promise.all([1, 2, 3, 4].map(() => api.send(THREE)));
        return answers.every(({ status }) => status === 202);
      },
      { what: 'the upload being given up' },
    );
    const [row] = await api.admin.query<{ n: number }>({
      text: 'select count(*) as n from payout.payouts where total = 2000',
    });
    expect(row?.n).toBe(0);
    expect((await stored())[0]).toBeGreaterThan(before[0] ?? 0);
  });
});

/** Takes a place, if there is one, for a moment only. */
const probe = () => api.send('no payout');

test('an account sends four uploads at once and no more, and others are not kept out by it', async () => {
  const slow = () => {
    const upload = request(`${api.url}/v1/payouts`, {
      method: 'POST',
      headers: {
        authorization: 'Bearer demo_asha',
        'idempotency-key': nextKey(),
        'content-type': 'text/csv',
      },
    });
    const answered = new Promise<number | undefined>((resolve) =>
      upload.once('response', (response) => {
        response.resume();
        resolve(response.statusCode);
      }),
    );
    upload.write(HEADER);
    return { upload, answered };
  };
  const uploads = [slow(), slow(), slow(), slow()];
  await waitFor(async () => (await probe()).status === 429, {
    what: 'a fifth being refused',
  });
  const refused = await probe();
  expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_uploads' } });
  expect(refused.headers.get('retry-after')).toBe('2');
  expect((await api.send([item({ to: MEERA })], { key: 'demo_ravi' })).status).toBe(202);
  for (const { upload } of uploads) upload.end(`${RAVI},1,INR,\n`);
  expect(await Promise.all(uploads.map(({ answered }) => answered))).toEqual([202, 202, 202, 202]);
  expect((await api.send(THREE)).status).toBe(202);
});

test('payouts that wait for the database count as well: they are in memory until they are stored', async () => {
  await api.admin.transaction(async (tx) => {
    // Reads pass; who wants to write waits.
    await tx.query({ text: 'lock table payout.payouts in exclusive mode' });
    const answers = [1, 2, 3, 4].map(() => api.send(THREE));
    try {
      await waitFor(async () => (await probe()).status === 429, {
        what: 'a fifth being refused',
      });
    } finally {
      await tx.query({ text: 'commit' });
    }
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([202, 202, 202, 202]);
  });
  expect((await api.send(THREE)).status).toBe(202);
});
