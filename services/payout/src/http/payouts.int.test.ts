import { newId } from '@payfan/service';
import { HEADER, MEERA, openPayoutApi, RAVI, type TestApi } from '../testing/payout-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openPayoutApi({ chunkItems: 2 });
});
afterAll(() => api.close());

const send = async (items: number, key?: string): Promise<string> => {
  const to = key === 'demo_meera' ? RAVI : MEERA;
  const list = Array.from({ length: items }, (_, index) => {
    return { to, amount: index + 1, currency: 'INR', note: `item "${index + 1}", of ${items}` };
  });
  const answer = await api.send(list, { ...(key !== undefined && { key }) });
  expect(answer.status).toBe(202);
  return answer.body['id'] as string;
};

/** As a worker would have it after its chunks: these lines paid, and these refused. */
async function workOff(id: string, outcomes: { succeeded?: number[]; failed?: number[] }): Promise<void> {
  const { succeeded = [], failed = [] } = outcomes;
  await api.admin.query({
    text: `update payout.payout_items
           set status = case when line = any ($2::int[]) then 'succeeded' else 'failed' end,
               transfer_id = case when line = any ($2::int[]) then gen_random_uuid() end,
               code = case when line = any ($3::int[]) then 'recipient_not_found' end,
               detail = case when line = any ($3::int[]) then 'Nobody has this number.' end
           where payout_id = $1 and line = any ($2::int[] || $3::int[])`,
    values: [id, succeeded, failed],
  });
  await api.admin.query({
    text: `update payout.payout_chunks set status = 'done'
           where payout_id = $1 and first_line = any ($2::int[] || $3::int[])`,
    values: [id, succeeded, failed],
  });
  await api.admin.query({
    text: `update payout.payouts
           set succeeded = cardinality($2::int[]), failed = cardinality($3::int[]), version = version + 1,
               status = case when total = cardinality($2::int[] || $3::int[]) then 'completed_with_failures' else status end,
               completed_at = case when total = cardinality($2::int[] || $3::int[]) then now() end
           where id = $1`,
    values: [id, succeeded, failed],
  });
}

describe('GET /v1/payouts/{id}', () => {
  test('tells how far it is, to its owner and the operator and nobody else', async () => {
    const id = await send(3);
    const answer = await api.call(`/v1/payouts/${id}`);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      id,
      lane: 'premium',
      status: 'processing',
      total: 3,
      succeeded: 0,
      failed: 0,
      cancelled: 0,
      amount: 6,
      paid: 0,
      currency: 'INR',
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      updatedAt: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      completedAt: null,
    });
    expect(answer.headers.get('retry-after')).toBe('1');
    expect((await api.call(`/v1/payouts/${id}`, { key: 'demo_operator' })).body).toEqual(answer.body);
    for (const path of ['', '/items']) {
      expect(await api.call(`/v1/payouts/${id}${path}`, { key: 'demo_ravi' })).toMatchObject({
        status: 404,
        body: { code: 'not_found' },
      });
    }
    expect((await api.call(`/v1/payouts/${id}/cancel`, { method: 'POST', key: 'demo_ravi' })).status).toBe(
      404,
    );
    expect((await api.call(`/v1/payouts/${id}`, { key: 'demo_service' })).status).toBe(403);
    for (const unknown of [newId(), 'not-an-id', '../payouts']) {
      expect((await api.call(`/v1/payouts/${encodeURIComponent(unknown)}`)).status).toBe(404);
    }
  });

  test('operators and services with the grant payout-owners read who owns a payout', async () => {
    const path = `/v1/payouts/${await send(1)}/owner`;
    const me = await fetch(`${api.transaction.url}/v1/accounts/me`, {
      headers: { authorization: 'Bearer demo_asha' },
    });
    const { id: accountId } = (await me.json()) as { id: string };
    for (const key of ['key-of-gateway', 'demo_operator']) {
      expect(await api.call(path, { key })).toMatchObject({ status: 200, body: { accountId } });
      expect((await api.call(`/v1/payouts/${newId()}/owner`, { key })).status).toBe(404);
    }
    for (const key of ['demo_asha', 'demo_service']) {
      expect(await api.call(path, { key })).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    }
  });

  test('answers 304 for as long as nothing has changed', async () => {
    const id = await send(2);
    const ask = (tag: string) => api.call(`/v1/payouts/${id}`, { headers: { 'if-none-match': tag } });
    const first = await ask('"none"');
    const etag = first.headers.get('etag') ?? '';
    expect(first.status).toBe(200);
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`]) {
      const same = await ask(tag);
      expect([same.status, same.text, same.headers.get('etag')]).toEqual([304, '', etag]);
      expect(same.headers.get('content-length')).toBeNull();
      expect(same.headers.get('retry-after')).toBe('1');
    }
    await workOff(id, { succeeded: [1], failed: [2] });
    const later = await ask(etag);
    expect(later).toMatchObject({ status: 200, body: { status: 'completed_with_failures' } });
    expect(later.headers.get('etag')).not.toBe(etag);
    expect(later.headers.get('retry-after')).toBeNull();
  });
});

test('GET /v1/payouts lists them newest first, in pages, each account its own', async () => {
  const ids: string[] = [];
  for (let n = 0; n < 5; n += 1) ids.unshift(await send(1, 'demo_meera'));
  const page = async (query: string, key = 'demo_meera') => {
    const { status, body } = await api.call(`/v1/payouts${query}`, { key });
    expect(status).toBe(200);
    return body as unknown as { data: { id: string }[]; nextCursor: string | null };
  };
  const idsOf = ({ data }: { data: { id: string }[] }) => data.map(({ id }) => id);
  const first = await page('?limit=3');
  expect([idsOf(first), first.nextCursor]).toEqual([ids.slice(0, 3), ids[2]]);
  const second = await page(`?limit=3&after=${first.nextCursor}`);
  expect([idsOf(second), second.nextCursor]).toEqual([ids.slice(3), null]);
  expect(idsOf(await page('', 'demo_ravi'))).toEqual([]);
  expect(idsOf(await page('?limit=100', 'demo_operator'))).toEqual(expect.arrayContaining(ids));
  expect((await api.call('/v1/payouts?after=yesterday')).status).toBe(400);
  expect((await api.call('/v1/payouts?limit=0')).status).toBe(400);
});

describe('GET /v1/payouts/{id}/items', () => {
  interface Page {
    data: { line: number; status: string; code: string | null; transferId: string | null }[];
    nextCursor: string | null;
  }
  const items = async (id: string, query = '') =>
    (await api.call(`/v1/payouts/${id}/items${query}`)).body as unknown as Page;

  test('tells what became of each line, in pages and by status', async () => {
    const id = await send(7);
    await workOff(id, { succeeded: [1, 3], failed: [2, 6] });
    const all = await items(id);
    expect(all.nextCursor).toBeNull();
    expect(all.data.map(({ line, status }) => `${line} ${status}`)).toEqual([
      '1 succeeded',
      '2 failed',
      '3 succeeded',
      '4 pending',
      '5 pending',
      '6 failed',
      '7 pending',
    ]);
    expect(all.data[1]).toEqual({
      line: 2,
      to: '+917010233312',
      amount: 2,
      currency: 'INR',
      note: 'item "2", of 7',
      status: 'failed',
      transferId: null,
      code: 'recipient_not_found',
      detail: 'Nobody has this number.',
    });
    expect(all.data[0]?.transferId).toMatch(/^[0-9a-f-]{36}$/);

    const linesOf = ({ data }: Page) => data.map(({ line }) => line);
    const first = await items(id, '?limit=3');
    expect([linesOf(first), first.nextCursor]).toEqual([[1, 2, 3], '3']);
    const second = await items(id, '?limit=4&after=3');
    expect([linesOf(second), second.nextCursor]).toEqual([[4, 5, 6, 7], null]);
    for (const [status, lines] of Object.entries({
      succeeded: [1, 3],
      failed: [2, 6],
      pending: [4, 5, 7],
      cancelled: [],
    })) {
      expect([status, linesOf(await items(id, `?status=${status}`))]).toEqual([status, lines]);
    }
    const failed = await items(id, '?status=failed&limit=1');
    expect([linesOf(failed), failed.nextCursor]).toEqual([[2], '2']);
    for (const query of ['?status=lost', '?after=x', '?limit=1001', '?colour=red']) {
      expect((await api.call(`/v1/payouts/${id}/items${query}`)).status).toBe(400);
    }
  });

  test('the same comes as CSV, whole', async () => {
    const id = await send(4);
    await workOff(id, { failed: [1, 3] });
    const answer = await api.call(`/v1/payouts/${id}/items`, { headers: { accept: 'text/csv' } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="payout-${id}.csv"`);
    expect(answer.text).toBe(
      [
        'line,to,amount,currency,note,status,transferId,code,detail',
        '1,+917010233312,1,INR,"item ""1"", of 4",failed,,recipient_not_found,Nobody has this number.',
        '2,+917010233312,2,INR,"item ""2"", of 4",pending,,,',
        '3,+917010233312,3,INR,"item ""3"", of 4",failed,,recipient_not_found,Nobody has this number.',
        '4,+917010233312,4,INR,"item ""4"", of 4",pending,,,',
        '',
      ].join('\r\n'),
    );
    const failed = await api.call(`/v1/payouts/${id}/items?status=failed&after=1`, {
      headers: { accept: 'text/csv;q=0.9, application/json;q=0.1' },
    });
    expect(failed.text.split('\r\n').map((line) => line.split(',')[0])).toEqual(['line', '3', '']);
    const json = await api.call(`/v1/payouts/${id}/items`, {
      headers: { accept: 'application/json, text/csv' },
    });
    expect(json.headers.get('content-type')).toBe('application/json');
  });

  test('a long file is whole, also for a slow reader', async () => {
    const lines = 12_345;
    const { status, body } = await api.send(
      HEADER + `${RAVI},1,INR,"a note, of some length"\n`.repeat(lines),
    );
    expect([status, body['total']]).toEqual([202, lines]);
    const response = await fetch(`${api.url}/v1/payouts/${String(body['id'])}/items`, {
      headers: { authorization: 'Bearer demo_asha', accept: 'text/csv' },
    });
    let text = '';
    const decoder = new TextDecoder();
    for await (const piece of response.body as AsyncIterable<Uint8Array>) {
      text += decoder.decode(piece, { stream: true });
      await new Promise(setImmediate);
    }
    const found = text.trimEnd().split('\r\n');
    expect(found).toHaveLength(lines + 1);
    expect(found.at(-1)).toMatch(new RegExp(`^${lines + 1},`));
  });
});

describe('POST /v1/payouts/{id}/cancel', () => {
  const cancel = (id: string) => api.call(`/v1/payouts/${id}/cancel`, { method: 'POST' });
  const eventsOf = (id: string) =>
    api.admin.query<{ key: string; data: Record<string, unknown> }>({
      text: `select routing_key as key, body::json -> 'data' as data from payout.outbox
             where exchange = 'payments' and body::json ->> 'subject' = $1`,
      values: [id],
    });

  test('cancels what nobody has begun: all of it, if it comes first', async () => {
    const id = await send(5);
    const answer = await cancel(id);
    expect(answer).toMatchObject({
      status: 200,
      body: { status: 'cancelled', total: 5, cancelled: 5, succeeded: 0, failed: 0, paid: 0 },
    });
    expect(answer.body['completedAt']).not.toBeNull();
    const { body } = await api.call(`/v1/payouts/${id}/items?status=cancelled`);
    expect(body['data']).toHaveLength(5);
    // Again, it is what it is, and told once.
    expect((await cancel(id)).body).toEqual(answer.body);
    expect(await eventsOf(id)).toEqual([
      {
        key: 'payout.completed.interactive',
        data: expect.objectContaining({
          payoutId: id,
          total: 5,
          succeeded: 0,
          cancelled: 5,
          amount: 0,
          owner: expect.objectContaining({ phone: '+917010233310' }) as object,
        }) as object,
      },
    ]);
  });

  test('leaves what is under way to its end', async () => {
    const id = await send(5);
    await api.admin.query({
      text: `update payout.payout_chunks set status = 'running', attempt = gen_random_uuid(), since = now()
             where payout_id = $1 and chunk = 2`,
      values: [id],
    });
    expect(await cancel(id)).toMatchObject({ status: 200, body: { status: 'processing', cancelled: 3 } });
    expect(await eventsOf(id)).toEqual([]);
    expect((await cancel(id)).body).toMatchObject({ status: 'processing', cancelled: 3 });
  });

  test('comes too late for what is finished', async () => {
    const id = await send(2);
    await workOff(id, { succeeded: [1], failed: [2] });
    expect(await cancel(id)).toMatchObject({ status: 409, body: { code: 'already_finished' } });
    expect(await eventsOf(id)).toEqual([]);
  });
});

test('while the transaction service is away, payouts are refused with when to come back, and those there are seen', async () => {
  const id = await send(1);
  await api.transaction.kill();
  const list = [{ to: RAVI, amount: 1, currency: 'INR' }];
  const answer = await api.send(list);
  expect(answer).toMatchObject({ status: 503, body: { code: 'temporarily_unavailable' } });
  expect(answer.headers.get('retry-after')).toBe('2');
  expect((await api.call(`/v1/payouts/${id}`)).status).toBe(200);
});

test('the documentation tells of both kinds of body and both kinds of answer', async () => {
  const document = (await (await fetch(`${api.url}/openapi.json`)).json()) as {
    paths: Record<
      string,
      Record<string, { requestBody?: object; responses: Record<string, { content?: object }> }>
    >;
  };
  const create = document.paths['/v1/payouts']?.['post'];
  expect(create?.requestBody).toMatchObject({
    required: true,
    content: { 'application/json': { schema: {} }, 'text/csv': { schema: { type: 'string' } } },
  });
  expect(JSON.stringify(document)).toContain('Minor units (paise)');
  const items = document.paths['/v1/payouts/{id}/items']?.['get'];
  expect(Object.keys(items?.responses['200']?.content ?? {})).toEqual(['application/json', 'text/csv']);
});
