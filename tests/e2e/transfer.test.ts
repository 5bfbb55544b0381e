import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { someTransfer } from '@payfan/channel/contract';
import { CLOUDEVENTS_JSON, PAYMENTS_EXCHANGE, paymentRoutingKey, type FeedsRead } from '@payfan/contracts';
import { openDatabase, type Database } from '@payfan/database';
import { openBroker } from '@payfan/messaging';
import { BrokerAdmin, RecordingLog } from '@payfan/messaging/testing';
import { startPayfan, waitFor, type Payfan } from '@payfan/stack/testing';
import { inbox, messages, outside } from './people.ts';

let payfan: Payfan;
let people: ReturnType<typeof outside>;
let admin: Database;

beforeAll(async () => {
  payfan = await startPayfan();
  people = outside(payfan);
  admin = openDatabase({ url: payfan.database.adminUrl, name: 'e2e' });
});
afterAll(async () => {
  await admin.stop();
  await payfan.stop();
});

const count = async (text: string) => (await admin.query<{ n: number }>({ text }))[0]?.n;

test('Rs 100 to 7010233311 is committed, and tells payer and payee by push, phone and email', async () => {
  const [ashaHad, raviHad] = [await people.balanceOf('demo_asha'), await people.balanceOf('demo_ravi')];
  const { status, headers, body: transfer } = await people.pay(10_000);
  expect(status).toBe(201);
  expect(headers.get('location')).toBe(`/v1/transfers/${transfer.id}`);
  expect(transfer).toMatchObject({
    status: 'completed',
    from: '+917010233310',
    to: '+917010233311',
    amount: 10_000,
  });
  expect(await people.balanceOf('demo_asha')).toBe(ashaHad - 10_000);
  expect(await people.balanceOf('demo_ravi')).toBe(raviHad + 10_000);

  await people.everybodyTold(transfer.id);
  const deliveries = await people.deliveriesOf(transfer.id);
  expect(deliveries.map(({ channel, role, recipient }) => [channel, role, recipient])).toEqual([
    ['push', 'payer', expect.any(String)],
    ['push', 'payee', expect.any(String)],
    ['phone', 'payer', '+917010233310'],
    ['phone', 'payee', '+917010233311'],
    ['email', 'payer', 'asha@example.com'],
    ['email', 'payee', 'ravi@example.com'],
  ]);

  const mails = (await inbox(payfan)).filter(({ Raw }) => Raw.Data.includes(transfer.id));
  const subjects = Object.fromEntries(
    mails.map(({ Raw, Content }) => [Raw.To.join(), Content.Headers['Subject']?.[0]]),
  );
  expect(Object.keys(subjects).sort()).toEqual(['asha@example.com', 'ravi@example.com']);
  expect(mails).toHaveLength(2);
  for (const { Content } of mails) {
    expect(Content.Headers['Message-ID']?.[0]).toMatch(/^<[0-9a-f-]{36}\.(payer|payee)@payfan\.example>$/);
    expect(Content.Headers['Content-Type']?.[0]).toContain('multipart/alternative');
  }

  const texts = (await messages(payfan)).filter(({ body }) => body.includes(transfer.id.slice(-12)));
  expect(texts.map(({ to }) => to).sort()).toEqual(['+917010233310', '+917010233311']);
  expect(texts.find(({ to }) => to === '+917010233311')?.body).toMatch(
    /You received Rs 100\.00 from Asha Rao on [^.]*\. Ref [\da-f]{12}$/,
  );

  const feed = await admin.query<{ type: string; name: string; seq: number }>({
    text: `select f.type, a.name, f.seq from push.feed_events f join transaction.accounts a on a.id = f.account_id
           where f.data->>'transferId' = $1 order by type`,
    values: [transfer.id],
  });
  expect(feed).toEqual([
    { type: 'transfer.credited', name: 'Ravi Kumar', seq: 1 },
    { type: 'transfer.debited', name: 'Asha Rao', seq: 1 },
  ]);
});

test('a feed is published live, and only services with the grant feeds read it', async () => {
  const { body: transfer } = await people.pay(700);
  await people.everybodyTold(transfer.id);
  const me = await people.call<{ id: string }>(`${payfan.url('transaction')}/v1/accounts/me`, 'demo_asha');
  const read = (key: string) =>
    people.call<FeedsRead>(`${payfan.url('push')}/v1/feeds/read`, key, {
      method: 'POST',
      body: { feeds: [{ accountId: me.body.id, after: 0 }], limit: 500 },
    });
  const { status, body } = await read('key-of-gateway');
  expect(status).toBe(200);
  const [feed] = body.feeds;
  expect(feed?.events.map(({ seq }) => seq)).toEqual(feed?.events.map((_, index) => index + 1));
  expect(feed?.events.at(-1)).toMatchObject({
    topic: `account.${me.body.id}`,
    seq: feed?.lastSeq,
    type: 'transfer.debited',
    data: { transferId: transfer.id, amount: 700 },
  });
  for (const key of ['demo_asha', 'demo_service', 'key-of-payout']) {
    expect((await read(key)).status).toBe(403);
  }
  expect((await read('key-of-nobody')).status).toBe(401);
  const metrics = await (await fetch(`${payfan.url('push')}/metrics`)).text();
  expect(metrics).toMatch(/^live_publishes_total\{.*outcome="confirmed".*\} [1-9]/m);
});

test('a party sees the timeline with the other one masked; a stranger sees no such transfer', async () => {
  const { body: transfer } = await people.pay(100);
  await people.everybodyTold(transfer.id);
  const own = await people.deliveriesOf(transfer.id, 'demo_ravi');
  expect(
    own.filter(({ channel }) => channel !== 'push').map(({ role, recipient }) => `${role} ${recipient}`),
  ).toEqual([
    'payer +91******3310',
    'payee +917010233311',
    'payer a***@example.com',
    'payee ravi@example.com',
  ]);
  for (const service of ['operations', 'transaction']) {
    const path =
      service === 'operations' ? `/v1/transfers/${transfer.id}/deliveries` : `/v1/transfers/${transfer.id}`;
    expect(await people.call(`${payfan.url(service)}${path}`, 'demo_meera')).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    });
  }
});

test('what is refused moves nothing and tells nobody', async () => {
  const before = await count('select count(*) as n from transaction.transfers');
  const alerts = (await inbox(payfan)).length;
  expect(await people.pay(99_999_999_999)).toMatchObject({
    status: 402,
    body: { code: 'insufficient_funds' },
  });
  expect(await people.pay(100, { to: '+919999999999' })).toMatchObject({
    status: 404,
    body: { code: 'recipient_not_found' },
  });
  expect(await people.pay(100, { to: '7010233310' })).toMatchObject({
    status: 422,
    body: { code: 'same_account' },
  });
  expect(await people.pay(100, { note: 'a\r\nBcc: evil@example.com' })).toMatchObject({
    status: 400,
    body: { code: 'invalid_request' },
  });
  // One that is allowed comes after them through the same queues: when it is told, they would have been.
  const { body: transfer } = await people.pay(100);
  await people.everybodyTold(transfer.id);
  expect(await count('select count(*) as n from transaction.transfers')).toBe((before ?? 0) + 1);
  expect((await inbox(payfan)).length).toBe(alerts + 2);
});

test('three hundred equal requests at once make one transfer and get one answer', async () => {
  const had = await people.balanceOf('demo_asha');
  const answers = await Promise.all(
    Array.from({ length: 300 }, () => people.pay(777, { key: 'same-for-all' })),
  );
  expect(new Set(answers.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1);
  expect(answers.filter(({ headers }) => headers.get('idempotent-replayed') === 'true')).toHaveLength(299);
  expect(await people.balanceOf('demo_asha')).toBe(had - 777);
  const id = answers[0]?.body.id ?? '';
  await people.everybodyTold(id);
  expect((await inbox(payfan)).filter(({ Raw }) => Raw.Data.includes(id))).toHaveLength(2);
  expect(await people.pay(778, { key: 'same-for-all' })).toMatchObject({
    status: 422,
    body: { code: 'idempotency_key_reused' },
  });
});

test('a request’s correlation id is in the log of every service it sets off, and nobody’s address is', async () => {
  const correlationId = 'lunch-with-ravi-42';
  const { body: transfer } = await people.pay(100, { correlationId });
  await people.everybodyTold(transfer.id);
  for (const service of ['transaction', 'push', 'phone', 'email']) {
    const log = () => readFileSync(payfan.program(service).logFile, 'utf8');
    // Lines are gathered for a moment before they are written.
    await waitFor(() => Promise.resolve(log().includes(correlationId)), {
      what: `the correlation id in the log of ${service}`,
    });
    expect(log()).not.toMatch(/7010233311|ravi@example\.com|demo_asha/);
  }
});

test('messages that no consumer understands become dead letters on every channel, and alerts go on', async () => {
  const broker = openBroker({
    urls: [payfan.vhost.urlFor('transaction')],
    name: 'e2e',
    log: new RecordingLog(),
    topology: { exchanges: [], queues: [], bindings: [] },
  });
  await broker.start();
  await waitFor(() => broker.ping(), { what: 'the broker' });
  for (const body of ['not json', '{}', '{"specversion":"1.0","type":"payfan.transfer.completed.v2"}']) {
    await broker.publish({
      exchange: PAYMENTS_EXCHANGE,
      routingKey: 'transfer.completed.interactive',
      messageId: randomUUID(),
      contentType: CLOUDEVENTS_JSON,
      body: Buffer.from(body),
    });
  }
  await broker.stop();
  for (const channel of ['push', 'phone', 'email']) {
    const letters = () =>
      people.call<{ data: { reason: string; error: string }[] }>(
        `${payfan.url(channel)}/v1/dead-letters`,
        'demo_operator',
      );
    await waitFor(async () => (await letters()).body.data.length === 3, {
      what: 'three dead letters',
    });
    expect((await letters()).body.data.map(({ error }) => error).sort()).toEqual([
      'malformed: the body is not JSON',
      'malformed: the body is not a CloudEvent 1.0',
      'unknown type: payfan.transfer.completed.v2',
    ]);
  }
  const { body: transfer } = await people.pay(100);
  await people.everybodyTold(transfer.id);
});

test('an event that transaction did not publish causes no alert, and no replay sends it', async () => {
  const transfer = someTransfer();
  const operator = new BrokerAdmin(payfan.vhost);
  await operator.publish(PAYMENTS_EXCHANGE, paymentRoutingKey(transfer), JSON.stringify(transfer), {});
  const reason = 'untrusted_publisher';
  for (const channel of ['push', 'phone', 'email']) {
    const url = `${payfan.url(channel)}/v1/dead-letters`;
    const letters = () =>
      people.call<{ data: { reason: string }[] }>(`${url}?reason=${reason}`, 'demo_operator');
    await waitFor(async () => (await letters()).body.data.length === 1, {
      what: `the dead letter of ${channel}`,
    });
  }
  const replay = { method: 'POST', body: { filter: { reason } } };
  const url = `${payfan.url('operations')}/v1/dead-letters/replay`;
  expect((await people.call(url, 'demo_operator', replay)).body).toMatchObject({
    ...{ matched: 0, replayed: 0, refused: 3 },
  });
  const { phone, email } = transfer.data.payee;
  expect((await inbox(payfan)).filter((mail) => JSON.stringify(mail).includes(email))).toEqual([]);
  expect((await messages(payfan)).filter((sms) => JSON.stringify(sms).includes(phone))).toEqual([]);
});

test('each service’s role reaches its own tables and no others', async () => {
  const email = openDatabase({ url: payfan.database.urlFor('email'), name: 'e2e' });
  const transaction = openDatabase({ url: payfan.database.urlFor('transaction'), name: 'e2e' });
  try {
    expect(await email.query({ text: 'select 1 from deliveries limit 1' })).toHaveLength(1);
    await expect(email.query({ text: 'select from transaction.entries' })).rejects.toThrow(
      /permission denied/,
    );
    await expect(email.query({ text: 'select from push.feed_events' })).rejects.toThrow(/permission denied/);
    await expect(transaction.query({ text: 'update entries set amount = 0' })).rejects.toThrow(
      /permission denied/,
    );
    await expect(transaction.query({ text: 'select from email.deliveries' })).rejects.toThrow(
      /permission denied/,
    );
  } finally {
    await Promise.all([email.stop(), transaction.stop()]);
  }
});

test('after all of this the money adds up, and nothing waits', async () => {
  expect(await count('select sum(balance) as n from transaction.accounts')).toBe('0');
  expect(
    await count(
      'select count(*) as n from (select 1 from transaction.entries group by transfer_id having sum(amount) <> 0) x',
    ),
  ).toBe(0);
  await waitFor(async () => (await count('select count(*) as n from transaction.outbox')) === 0, {
    what: 'the outbox being empty',
  });
});
