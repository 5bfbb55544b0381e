import { readFileSync } from 'node:fs';
import {
  accountTopic,
  BEARER_PROTOCOL_PREFIX,
  deadQueue,
  delayExchange,
  LANES,
  laneQueue,
  LIVE_EXCHANGE,
  LIVE_TOPICS_EXCHANGE,
  PAYMENTS_EXCHANGE,
  RETRY_STEPS,
  retryExchange,
  retryQueue,
  retryRoutingKey,
  shardKey,
  shardOf,
} from '@payfan/contracts';
import { openDatabase } from '@payfan/database';
import { BrokerAdmin } from '@payfan/messaging/testing';
import { createTokenIssuer, TOKEN_LIFETIME_SECONDS } from '@payfan/service';
import { startPayfan, waitFor, type Payfan } from '@payfan/stack/testing';
import { documented, held } from '../asyncapi/broker-state.ts';
import { Judge, type Heard } from '../asyncapi/judge.ts';
import { PATH } from '../asyncapi/rendering.ts';
import { Talk } from '../asyncapi/talk.ts';
import { Tap } from '../asyncapi/tap.ts';
import { outside } from './people.ts';

const judge = new Judge(readFileSync(PATH, 'utf8'));
let payfan: Payfan;
let people: ReturnType<typeof outside>;
let tap: Tap;
beforeAll(async () => {
  payfan = await startPayfan();
  people = outside(payfan);
});
beforeEach(async () => {
  tap = await Tap.open(payfan.vhost.amqpUrl);
});
afterEach(() => tap.close());
afterAll(() => payfan.stop());

/** It is one of the messages that the document has there, and this one. */
const expectToBe = (heard: Heard, ...messages: string[]) =>
  expect(judge.hear(heard)).toEqual({ is: messages, problems: [] });

const several = (what: string, list: readonly unknown[], count: number) =>
  waitFor(() => Promise.resolve(list.length >= count), { what });

const topicOf = async (key: string) =>
  accountTopic(
    (await people.call<{ id: string }>(`${payfan.url('transaction')}/v1/accounts/me`, key)).body.id,
  );

const tokenOf = async (key: string) =>
  (
    await people.call<{ token: string }>(`${payfan.url('transaction')}/v1/tokens`, key, {
      method: 'POST',
      body: {},
    })
  ).body.token;

/** How the mail server behaves from now on; nothing said is well. */
const mailServer = (behaviour: object) =>
  people.call(`${payfan.mailApi}/behaviour`, 'demo_operator', { method: 'PUT', body: behaviour });

const lettersOf = async (reason: string) => {
  const url = `${payfan.url('operations')}/v1/dead-letters?channel=email&reason=${reason}`;
  return (await people.call<{ data: { id: string }[] }>(url, 'demo_operator')).body.data;
};

test('the broker holds what the document says, and nothing else', async () => {
  const follower = await Talk.open(payfan.url('gateway'), { headers: { authorization: 'Bearer demo_asha' } });
  follower.say({ id: 1, t: 'subscribe', topic: await topicOf('demo_asha') });
  await follower.until('"re":1');
  follower.say({ id: 2, t: 'subscribe', topic: 'public.rates' });
  await follower.until('"re":2');
  expect(await held(payfan.vhost)).toEqual(documented(judge.document));

  // One binding by hand is one line too many.
  const admin = new BrokerAdmin(payfan.vhost);
  await admin.bind(PAYMENTS_EXCHANGE, laneQueue('email', 'bulk'), 'by.hand.bulk');
  const documentedLines = new Set(documented(judge.document));
  expect((await held(payfan.vhost)).filter((line) => !documentedLines.has(line))).toEqual([
    'binding of email.bulk to payments for by.hand.bulk',
  ]);
  await admin.unbind(PAYMENTS_EXCHANGE, laneQueue('email', 'bulk'), 'by.hand.bulk');
  await follower.close();
});

test('a transfer is published as the document says; anything else would be found', async () => {
  const published = await tap.listen(PAYMENTS_EXCHANGE, '#');
  await people.everybodyTold((await people.pay(10_000)).body.id);
  await several('an event', published, 1);
  const heard: Heard = { ...published[0]!, operation: 'transaction.publish' };
  expectToBe(heard, 'TransferCompleted');

  const body = JSON.parse(heard.body) as { data: object };
  const tampered: [what: string, message: Partial<Heard>, problem: RegExp][] = [
    [
      'amount',
      { body: JSON.stringify({ ...body, data: { ...body.data, amount: '10000' } }) },
      /\/data\/amount/,
    ],
    ['a field more', { body: JSON.stringify({ ...body, secret: 1 }) }, /"secret"/],
    ['a field less', { body: JSON.stringify({ ...body, subject: undefined }) }, /subject/],
    ['no JSON', { body: 'x' }, /body/],
    ['content type', { contentType: 'application/json' }, /content type/],
    ['a header more', { headers: { ...heard.headers, secret: 1 } }, /header .*"secret"/],
    ['a header', { headers: { traceparent: 'none' } }, /header \/traceparent/],
    ['lane', { routingKey: 'transfer.completed.bulk' }, /lane is not as in the body/],
    ['event', { routingKey: 'transfer.reversed.interactive' }, /transfer\.reversed is no event/],
    ['delivery mode', { deliveryMode: 1 }, /delivery mode/],
    ['publisher', { userId: 'payfan_email' }, /user-id is payfan_email, not payfan_transaction/],
  ];
  for (const [what, change, problem] of tampered) {
    const { is, problems } = judge.hear({ ...heard, ...change });
    expect([what, is, problems.join('\n')]).toEqual([what, [], expect.stringMatching(problem)]);
  }
});

test('a delivery that fails waits, and comes back; one that is refused is replayed', async () => {
  const delayed = await tap.listen(delayExchange('email'), '#');
  const keys = RETRY_STEPS.flatMap((step) => LANES.map((lane) => retryRoutingKey(step, lane)));
  const returned = await tap.listen(retryExchange('email'), ...keys);

  const waiting = tap.peek(retryQueue('email', RETRY_STEPS[0]));
  await mailServer({ failRate: 1 });
  const { id } = (await people.pay(100)).body;
  await several('a delivery being put off', delayed, 1);
  expectToBe(await waiting, 'TransferCompletedRetry');
  await mailServer({});
  await people.everybodyTold(id);
  await several('coming back', returned, 1);
  expectToBe({ ...delayed[0]!, operation: 'email.tryAgainLater' }, 'TransferCompletedRetry');
  expectToBe(returned[0]!, 'TransferCompletedRetry');

  await mailServer({ reject: ['ravi@example.com'] });
  await people.pay(100);
  await waitFor(async () => (await lettersOf('rejected')).length === 1, {
    what: 'a dead letter',
  });
  await mailServer({});
  const before = returned.length;
  await people.call(`${payfan.url('operations')}/v1/dead-letters/replay`, 'demo_operator', {
    method: 'POST',
    body: { ids: (await lettersOf('rejected')).map((letter) => letter.id) },
  });
  await several('a replay', returned, before + 1);
  expectToBe({ ...returned[before]!, operation: 'email.replay' }, 'TransferCompletedReplay');
});

test('what lies in a lane’s queue, and in the queue of what the broker gave up on', async () => {
  const [lane, dead] = [laneQueue('email', 'interactive'), deadQueue('email')];
  await payfan.program('email').stop();
  await people.pay(100);
  expectToBe(await tap.peek(lane), 'TransferCompleted');
  await tap.dieOver(lane, dead);
  expectToBe({ ...(await tap.peek(dead)), operation: 'email.bury' }, 'TransferCompleted');
  await payfan.restart('email');
  await waitFor(async () => (await lettersOf('delivery_limit')).length === 2, {
    what: 'both deliveries being given up',
  });
});

test('what gateways receive: entries of feeds, and events of topics without a log', async () => {
  const topics = [await topicOf('demo_asha'), await topicOf('demo_ravi'), 'public.rates'];
  const keys = topics.map((topic) => shardKey(shardOf(topic)));
  const told = await tap.listen(LIVE_EXCHANGE, ...keys);
  const toldOfTopics = await tap.listen(LIVE_TOPICS_EXCHANGE, ...keys);
  await people.everybodyTold((await people.pay(100)).body.id);
  await several('both sides being told', told, 2);
  const publisher = await Talk.open(payfan.url('gateway'), {
    headers: { authorization: 'Bearer demo_service' },
  });
  publisher.say({ id: 1, t: 'publish', topic: 'public.rates', type: 'rate.changed', data: { usd: 83.1 } });
  await several('an event of a topic', toldOfTopics, 1);
  await publisher.close();
  const [debited, credited] = told;
  const [rate] = toldOfTopics;
  for (const entry of [debited!, credited!]) {
    expectToBe({ ...entry, operation: 'push.tellLive' }, 'FeedEvent');
    expect(judge.hear({ ...entry, headers: { 'payfan-topic': 'x' } }).problems).not.toEqual([]);
  }
  expectToBe({ ...rate!, operation: 'gateway.publish' }, 'TopicEvent');
});

describe('on a WebSocket', () => {
  const text = (body: string): Heard => ({
    channel: 'websocket',
    contentType: 'application/json',
    headers: {},
    body,
  });
  const { bindings } = judge.document.channels['websocket']!;
  const ws = 'ws' in bindings ? bindings.ws : undefined;
  const codes = Object.keys(ws?.['x-close-codes'] ?? {}).map(Number);

  const heardBy = (talk: Talk) =>
    talk.heard.map((body) => {
      const { is, problems } = judge.hear(text(body));
      expect([body, problems]).toEqual([body, []]);
      return is.join();
    });
  const saidBy = (talk: Talk) =>
    talk.said.map((body) => {
      const { is, problems } = judge.hear({ ...text(body), operation: 'gateway.answer' });
      expect([body, problems]).toEqual([body, []]);
      return is.join();
    });

  test('a browser follows its account, with every frame that it may send', async () => {
    const topic = await topicOf('demo_ravi');
    const token = await tokenOf('demo_ravi');
    const page = await Talk.open(payfan.url('gateway'), {
      protocols: [BEARER_PROTOCOL_PREFIX + token],
      headers: { origin: 'http://localhost:3000' },
    });
    expect(judge.handshakeProblems('websocket', page.handshake)).toEqual([]);
    expect(judge.handshakeProblems('websocket', { 'Sec-WebSocket-Protocol': 'x' })).not.toEqual([]);
    expect(page.protocol).toBe(ws?.['x-subprotocol']);

    page.say({ id: 1, t: 'subscribe', topic });
    await page.until('"re":1');
    await people.pay(100);
    await page.until('"t":"event"');
    page.say({ id: 2, t: 'ack', topic, seq: 1 });
    page.say({ id: 3, t: 'ping' });
    page.say({ id: 4, t: 'token', token: await tokenOf('demo_ravi') });
    page.say({ id: 5, t: 'publish', topic, type: 'x', data: null });
    page.say({ id: 6, t: 'unsubscribe', topic });
    for (const id of [2, 3, 4, 5, 6]) await page.until(`"re":${id},`);
    expect(saidBy(page)).toEqual([
      'SubscribeFrame',
      'AckFrame',
      'PingFrame',
      'TokenFrame',
      'PublishFrame',
      'UnsubscribeFrame',
    ]);
    expect(heardBy(page).sort()).toEqual(['LiveEvent', ...Array<string>(6).fill('Reply')]);

    // What the document has no room for, the gateway does not take either.
    const wrong = { id: 7, t: 'ping', more: 1 };
    expect(judge.hear({ ...text(JSON.stringify(wrong)), operation: 'gateway.answer' }).is).toEqual([]);
    page.say(wrong);
    page.say('no json');
    await page.until('"re":null');
    expect(heardBy(page).slice(-2)).toEqual(['Reply', 'Reply']);
    expect(judge.hear(text('{"re":"7","ok":true}')).is).toEqual([]);
    await page.close();
  });

  test('whoever may not come in, says too much, or has to leave hears why', async () => {
    const stranger = await Talk.open(payfan.url('gateway'), { headers: { authorization: 'Bearer nobody' } });
    const shouter = await Talk.open(payfan.url('gateway'), {
      headers: { authorization: 'Bearer demo_asha' },
    });
    shouter.say('x'.repeat((ws?.['x-most-frame-bytes'] ?? 0) + 1));
    const ending = await Talk.open(payfan.url('gateway'), {
      headers: { authorization: `Bearer ${await tokenThatEnds(24)}` },
    });
    await ending.until('token-ends');
    const [stopped] = await Promise.all([ending.closed, payfan.program('gateway').stop()]);
    expect(heardBy(ending)).toEqual(['TokenEnds', 'Reconnect']);
    expect([await stranger.closed, await shouter.closed, stopped]).toEqual([4001, 1009, 1012]);
    expect(codes).toEqual(expect.arrayContaining([4001, 1009, 1012]));
  });

  /** Of Asha, as if it had been issued so that it ends in so many seconds. */
  async function tokenThatEnds(seconds: number): Promise<string> {
    const database = openDatabase({ url: payfan.database.adminUrl, name: 'e2e' });
    type Key = Parameters<typeof createTokenIssuer>[0];
    const [row] = await database.query<{ key: Key }>({
      text: 'select private as key from transaction.signing_keys',
    });
    await database.stop();
    const issuedAtMs = Date.now() - (TOKEN_LIFETIME_SECONDS - seconds) * 1_000;
    const issuer = await createTokenIssuer(row!.key, () => issuedAtMs);
    const accountId = (await topicOf('demo_asha')).slice(accountTopic('').length);
    return (await issuer.issue({ kind: 'account', accountId, tier: 'free' })).token;
  }
});
