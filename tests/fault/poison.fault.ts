import { channelTopology, laneQueue } from '@payfan/contracts';
import { openBroker, type Outgoing } from '@payfan/messaging';
import { RecordingLog } from '@payfan/messaging/testing';
import { openAdminDatabase, startPayfan, WAIT_TIMEOUT_MS, type Payfan } from '@payfan/stack/testing';
import { fault } from './lib/fault.ts';
import { count, depthOf, until } from './lib/look.ts';
import { pages } from './lib/outside.ts';
import { intoLane, someEvent } from './lib/some-event.ts';

const GOOD = 10_000;
const AT_ONCE = 500;
const QUEUE = laneQueue('phone', 'interactive');

let payfan: Payfan;
beforeAll(async () => {
  payfan = await startPayfan({
    environment: { phone: { CONCURRENCY: '100', LOG_LEVEL: 'warn' }, sandbox: { LOG_LEVEL: 'warn' } },
  });
});
afterAll(() => payfan.stop());

const asBody = (value: unknown) => Buffer.from(JSON.stringify(value));

/** Publishes in this order, each confirmed. */
async function publishAll(messages: readonly Outgoing[]): Promise<void> {
  const broker = openBroker({
    urls: [payfan.vhost.urlFor('phone')],
    name: 'poisoner',
    log: new RecordingLog(),
    topology: channelTopology('phone'),
  });
  await broker.start();
  await until('a connection to the broker', () => broker.publishable);
  // A confirm is given up after a while, so only so many messages wait for theirs at once.
  for (let from = 0; from < messages.length; from += AT_ONCE) {
    await Promise.all(messages.slice(from, from + AT_ONCE).map((message) => broker.publish(message)));
  }
  await broker.stop();
}

fault('11. poison in front of 10,000 good messages', async (run) => {
  const good = Array.from({ length: GOOD }, (_, number) => someEvent(number));
  const hostile = someEvent(GOOD);
  hostile.data.payer.phone = "+91'; drop table deliveries; --\r\n\0";
  // The field passes for text only without the NUL: one such event is refused whole, the other at its payer alone.
  const half = someEvent(GOOD + 1);
  half.data.payer.phone = "+91'; drop table deliveries; --\r\n";
  const poison = [
    Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x80]),
    asBody({ ...someEvent(GOOD + 2), type: 'payfan.transfer.reversed.v9' }),
    asBody({ ...someEvent(GOOD + 3), lane: '__proto__', data: { payer: { toString: 1 } } }),
    asBody(hostile),
    asBody(half),
  ];
  // Nobody consumes meanwhile, so the poison really is in front.
  await payfan.program('phone').stop();
  await publishAll([
    ...poison.map((body) => intoLane('phone', 'interactive', body)),
    ...good.map((event) => intoLane('phone', 'interactive', asBody(event), event.id)),
  ]);
  run.faults = poison.length;
  await until('all in the queue', async () => (await depthOf(payfan, QUEUE)) === poison.length + GOOD);
  await payfan.restart('phone');

  await until(
    'everything being worked off',
    async () =>
      (await count(payfan, `select count(*) from phone.deliveries where status in ('sent', 'dead')`)) ===
        2 * GOOD + 2 && (await depthOf(payfan, QUEUE)) === 0,
    3 * WAIT_TIMEOUT_MS,
  );

  const messages = await pages<{ reference: string; to: string }>(`${payfan.smsUrl}/messages?limit=1000`);
  const told = messages.map(({ reference, to }) => `${reference} ${to}`).sort();
  const sides = (['payer', 'payee'] as const).flatMap((role) =>
    good.map(({ id, data }) => `${id}.${role} ${data[role].phone}`),
  );
  expect(told).toEqual([...sides, `${half.id}.payee ${half.data.payee.phone}`].sort());

  const database = openAdminDatabase({ url: payfan.database.adminUrl, name: 'poison' });
  const letters = await database.query<{ reason: string; error: string; subject: string; body: Buffer }>({
    text: 'select reason, error, subject, body from phone.dead_letters',
  });
  await database.stop();
  expect(letters.map(({ body }) => body.toString('hex')).sort()).toEqual(
    poison.map((body) => body.toString('hex')).sort(),
  );
  expect(
    Object.fromEntries(
      letters.map(({ body, reason, error }) => [poison.findIndex((p) => p.equals(body)), { reason, error }]),
    ),
  ).toMatchObject({
    0: { reason: 'unreadable', error: 'malformed: the body is not JSON' },
    1: { reason: 'unreadable', error: 'unknown type: payfan.transfer.reversed.v9' },
    2: { reason: 'unreadable', error: expect.stringMatching(/^malformed: /) },
    3: { reason: 'unreadable', error: expect.stringMatching(/^malformed: data.payer.phone/) },
    4: { reason: 'rejected', error: 'the recipient has no phone number' },
  });
  expect(letters.map(({ subject }) => subject)).toContain(`${half.id}.payer`);
});
