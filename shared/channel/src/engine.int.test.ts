import { randomUUID } from 'node:crypto';
import { ATTEMPT_HEADER, RETRY_STEPS } from '@payfan/contracts';
import { openDatabase, openPresence, type Database } from '@payfan/database';
import { freshDatabase, waitFor, type FreshDatabase, startTcpProxy } from '@payfan/stack/testing';
import { someTransfer } from './contract.ts';
import { DeliveryBusy } from './engine.ts';
import type { Provider, SendResult } from './provider.ts';
import { GIVE_UP_AFTER_MS, incoming, scriptedEngine, type Script } from './testing/scripted-engine.ts';

let fresh: FreshDatabase;
let database: Database;
let admin: Database;

beforeAll(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ url: fresh.urlFor('phone'), name: 'engine', max: 4 });
  // On another database, as ours is to be closed to everybody.
  admin = openDatabase({ url: fresh.adminUrl.replace(fresh.name, 'postgres'), name: 'admin' });
});
afterAll(async () => {
  await Promise.all([database.stop(), admin.stop()]);
  await fresh.drop();
});

/** An engine over a real database with one provider, which does as the script says. */
function engineWith(
  script: Script,
  {
    lookup,
    ...overrides
  }: { lookup?: Provider<string>['lookup'] } & Parameters<typeof scriptedEngine>[2] = {},
) {
  return scriptedEngine(database, [{ name: 'scripted', script, lookup }], overrides);
}

const rowsOf = (eventId: string) =>
  database.query<{
    role: string;
    status: string;
    attempts: number;
    error: string | null;
    uncertain: boolean;
  }>({
    text: 'select role, status, attempts, error, uncertain from deliveries where event_id = $1 order by role desc',
    values: [eventId],
  });
const lettersOf = (eventId: string) =>
  database.query<{ role: string; reason: string; times: number }>({
    text: 'select role, reason, times from dead_letters where event_id = $1 order by role desc',
    values: [eventId],
  });

/** An attempt lasts until the test lets the provider answer, however slow the machine is. */
const IN_HAND = { sendTimeoutMs: 60_000 };
/** An answer of the provider that comes when the test says so. */
function answerInHand(): { promise: Promise<SendResult>; resolve: (result: SendResult) => void } {
  let resolve: (result: SendResult) => void = () => undefined;
  const promise = new Promise<SendResult>((settle) => (resolve = settle));
  return { promise, resolve };
}

/** For an engine under whose clock every event is so old that it gives alerts up. */
const aDayLater = { wallClockMs: Date.now() + GIVE_UP_AFTER_MS + 60_000 };

const accepts: Script = () => Promise.resolve({ kind: 'sent', reference: 'x' });
const failsFor =
  (role: string, result: SendResult): Script =>
  (to) =>
    Promise.resolve(to === role ? result : { kind: 'sent', reference: 'x' });

test('one recipient’s failure makes one copy, and its return leaves the other alone', async () => {
  const event = someTransfer();
  const first = engineWith(failsFor('payee', { kind: 'failed', error: '503' }));
  await first.engine.onMessage(incoming(event));
  expect(await rowsOf(event.id)).toMatchObject([
    { role: 'payer', status: 'sent', attempts: 1 },
    { role: 'payee', status: 'retrying', attempts: 1, error: '503', uncertain: false },
  ]);
  expect(first.copies).toMatchObject([
    {
      exchange: 'delay.phone',
      routingKey: '5s.interactive',
      messageId: event.id,
      headers: { [ATTEMPT_HEADER]: 1 },
      expiresAfterMs: 5_000,
    },
  ]);
  const second = engineWith(accepts);
  await second.engine.onMessage(incoming(event, 1));
  expect(second.sent).toEqual([{ by: 'scripted', to: 'payee', reference: `${event.id}.payee` }]);
  expect(second.copies).toEqual([]);
  expect(await rowsOf(event.id)).toMatchObject([
    { role: 'payer', status: 'sent', attempts: 1 },
    { role: 'payee', status: 'sent', attempts: 2, error: null },
  ]);
});

test('two failures make one copy, which waits as long as the longer of the two', async () => {
  const { engine, copies } = engineWith((to) =>
    Promise.resolve({ kind: 'failed', error: '429', retryAfterMs: to === 'payer' ? 100_000 : 1_000 }),
  );
  const event = someTransfer();
  await engine.onMessage(incoming(event));
  expect(copies.map(({ routingKey }) => routingKey)).toEqual(['2m.interactive']);
  const next = await database.query<{ role: string }>({
    text: `select role from deliveries where event_id = $1 and next_attempt_at > clock_timestamp()
           order by next_attempt_at`,
    values: [event.id],
  });
  expect(next).toEqual([{ role: 'payee' }, { role: 'payer' }]);
});

test('after the last step the delivery is dead, with its message kept', async () => {
  const event = someTransfer();
  const { engine, copies, metrics } = engineWith(
    failsFor('payer', { kind: 'failed', error: 'still 503' }),
    aDayLater,
  );
  await engine.onMessage(incoming(event, RETRY_STEPS.length));
  expect(copies).toEqual([]);
  expect(await lettersOf(event.id)).toEqual([{ role: 'payer', reason: 'exhausted', times: 1 }]);
  expect(await metrics()).toContain('dead_letters_total{reason="exhausted",service="phone"} 1');
});

test('after the last step an alert is tried each hour until a day after its commit', async () => {
  const event = someTransfer();
  const fails = failsFor('payer', { kind: 'failed', error: 'still 503' });
  for (const attempts of [RETRY_STEPS.length, 20]) {
    const { engine, copies } = engineWith(fails);
    expect(await engine.onMessage(incoming(event, attempts))).toBe('done');
    expect(copies).toMatchObject([
      {
        routingKey: '1h.interactive',
        expiresAfterMs: 3_600_000,
        headers: { [ATTEMPT_HEADER]: attempts + 1 },
      },
    ]);
  }
  expect(await lettersOf(event.id)).toEqual([]);
  await engineWith(fails, aDayLater).engine.onMessage(incoming(event, 21));
  expect(await lettersOf(event.id)).toEqual([{ role: 'payer', reason: 'exhausted', times: 1 }]);
});

describe('while the lane is paused', () => {
  const paused = { isPaused: true };
  const nextAttempts = (eventId: string) =>
    database.query<{ next_attempt_at: Date | null; paused_seconds: number }>({
      text: 'select next_attempt_at, paused_seconds from deliveries where event_id = $1 order by role desc',
      values: [eventId],
    });

  test('an alert that was certainly not accepted is held: no copy, no step used up, and it can be sent later', async () => {
    const event = someTransfer();
    const { engine, copies } = engineWith(() => Promise.resolve({ kind: 'failed', error: '503' }), paused);
    for (let test = 1; test <= 7; test += 1) expect(await engine.onMessage(incoming(event))).toBe('held');
    expect(copies).toEqual([]);
    expect(await rowsOf(event.id)).toMatchObject([
      { role: 'payer', status: 'retrying', attempts: 7, error: '503' },
      { role: 'payee', status: 'retrying', attempts: 7, error: '503' },
    ]);
    expect(await nextAttempts(event.id)).toMatchObject([
      { next_attempt_at: null, paused_seconds: 60 },
      { next_attempt_at: null, paused_seconds: 60 },
    ]);
    const after = engineWith(accepts);
    expect(await after.engine.onMessage(incoming(event))).toBe('done');
    expect(await rowsOf(event.id)).toMatchObject([{ status: 'sent' }, { status: 'sent' }]);
    // What the last claim knows of pauses replaces nothing that was recorded before.
    expect(await nextAttempts(event.id)).toMatchObject([{ paused_seconds: 60 }, { paused_seconds: 60 }]);
  });

  test.each<[string, SendResult]>([
    ['may have been accepted', { kind: 'unknown', error: 'silence' }],
    ['is bound to a provider that may have it', { kind: 'failed', error: '503' }],
  ])('an alert that %s is not held, so that it is not sent with every test', async (_what, result) => {
    const event = someTransfer();
    await engineWith(failsFor('payee', { kind: 'unknown', error: 'silence' })).engine.onMessage(
      incoming(event),
    );
    const { engine, copies } = engineWith(failsFor('payee', result), paused);
    expect(await engine.onMessage(incoming(event, 1))).toBe('done');
    expect(copies).toMatchObject([{ routingKey: '30s.interactive', headers: { [ATTEMPT_HEADER]: 2 } }]);
  });

  test('a message of which one recipient is held and the other waits at a step comes back once, for both', async () => {
    const event = someTransfer();
    const { engine, copies } = engineWith(
      (to) =>
        Promise.resolve(
          to === 'payer' ? { kind: 'failed', error: '503' } : { kind: 'unknown', error: 'silence' },
        ),
      paused,
    );
    expect(await engine.onMessage(incoming(event))).toBe('done');
    expect(copies).toHaveLength(1);
    await engineWith(accepts).engine.onMessage(incoming(event, 1));
    expect(await rowsOf(event.id)).toMatchObject([{ status: 'sent' }, { status: 'sent' }]);
  });

  test('an alert that is too old is not held: it takes its steps, and becomes a dead letter after the last', async () => {
    const event = someTransfer();
    const fails: Script = () => Promise.resolve({ kind: 'failed', error: '503' });
    const { engine, copies } = engineWith(fails, { ...paused, ...aDayLater });
    expect(await engine.onMessage(incoming(event, 1))).toBe('done');
    expect(copies).toMatchObject([{ routingKey: '30s.interactive' }]);
    expect(await engine.onMessage(incoming(event, RETRY_STEPS.length))).toBe('done');
    expect(await lettersOf(event.id)).toMatchObject([{ reason: 'exhausted' }, { reason: 'exhausted' }]);
  });
});

test.each([['x'], [-1], [1.5], [null]])(
  'an attempt header of %j counts as the first attempt',
  async (header) => {
    const { engine, copies } = engineWith(() => Promise.resolve({ kind: 'failed', error: '503' }));
    await engine.onMessage(incoming(someTransfer(), header));
    expect(copies[0]).toMatchObject({ routingKey: '5s.interactive', headers: { [ATTEMPT_HEADER]: 1 } });
  },
);

test('a provider that throws or does not answer leaves an uncertain delivery, to be tried again', async () => {
  const event = someTransfer();
  const aborted: string[] = [];
  const { engine, copies } = engineWith((to, _reference, signal) => {
    if (to === 'payer') throw new Error('the socket broke');
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        aborted.push(to);
        resolve({ kind: 'sent', reference: 'too late' });
      });
    });
  });
  await engine.onMessage(incoming(event));
  expect(await rowsOf(event.id)).toMatchObject([
    { status: 'retrying', uncertain: true, error: 'the socket broke' },
    { status: 'retrying', uncertain: true, error: 'no answer within 300 ms' },
  ]);
  expect(aborted).toEqual(['payee']);
  expect(copies).toHaveLength(1);
});

describe('when an earlier attempt may have been accepted', () => {
  const uncertain = async () => {
    const event = someTransfer();
    const { engine } = engineWith(() => Promise.reject(new Error('who knows')));
    await engine.onMessage(incoming(event));
    return event;
  };

  test('a provider that knows it was sends nothing again', async () => {
    const event = await uncertain();
    const asked: string[] = [];
    const { engine, sent, metrics } = engineWith(accepts, {
      lookup: ({ reference }) => {
        asked.push(reference);
        return Promise.resolve({ kind: 'sent', reference: 'theirs' });
      },
    });
    await engine.onMessage(incoming(event, 1));
    expect(asked.sort()).toEqual([`${event.id}.payee`, `${event.id}.payer`]);
    expect(sent).toEqual([]);
    expect((await rowsOf(event.id)).map(({ status }) => status)).toEqual(['sent', 'sent']);
    expect(await metrics()).not.toContain('deliveries_resent_total{lane="interactive"');
  });

  test('a provider that knows it was not gets it', async () => {
    const event = await uncertain();
    const { engine, sent } = engineWith(accepts, { lookup: () => Promise.resolve({ kind: 'absent' }) });
    await engine.onMessage(incoming(event, 1));
    expect(sent).toHaveLength(2);
  });

  test('a provider that cannot be asked gets it again under the same reference, and that is counted', async () => {
    const event = await uncertain();
    const { engine, sent, metrics } = engineWith(accepts);
    await engine.onMessage(incoming(event, 1));
    expect(sent.map(({ reference }) => reference).sort()).toEqual([`${event.id}.payee`, `${event.id}.payer`]);
    expect(await metrics()).toContain('deliveries_resent_total{lane="interactive",service="phone"} 2');
  });

  test('a provider that fails when asked is asked again later, rather than sent to', async () => {
    const event = await uncertain();
    const { engine, sent, copies } = engineWith(accepts, { lookup: () => Promise.reject(new Error('500')) });
    await engine.onMessage(incoming(event, 1));
    expect(sent).toEqual([]);
    expect(copies).toMatchObject([{ routingKey: '30s.interactive' }]);
  });
});

test('while somebody else is at it the message is held, and nothing is sent', async () => {
  const event = someTransfer();
  const release = answerInHand();
  const slow = engineWith(() => release.promise, IN_HAND);
  const working = slow.engine.onMessage(incoming(event));
  await waitFor(() => Promise.resolve(slow.sent.length === 2), { what: 'both claims' });
  const other = engineWith(accepts);
  await expect(other.engine.onMessage(incoming(event))).rejects.toThrow(DeliveryBusy);
  expect(other.sent).toEqual([]);
  release.resolve({ kind: 'sent', reference: 'x' });
  await working;
  await other.engine.onMessage(incoming(event));
  expect(other.sent).toEqual([]);
});

test('a claim of a process that is no more is taken over at once when the broker hands the message out again', async () => {
  const event = someTransfer();
  const claimantId = randomUUID();
  const presence = openPresence({ url: fresh.urlFor('phone'), name: 'engine', id: claimantId });
  await presence.start();
  const tooLate = answerInHand();
  const dying = engineWith(() => tooLate.promise, { claimantId, ...IN_HAND });
  const abandoned = dying.engine.onMessage(incoming(event));
  await waitFor(() => Promise.resolve(dying.sent.length === 2), { what: 'both claims' });

  const heir = engineWith(accepts);
  const again = { ...incoming(event), redelivered: true };
  await expect(heir.engine.onMessage(again)).rejects.toThrow(DeliveryBusy);
  await presence.stop();
  await expect(heir.engine.onMessage(incoming(event))).rejects.toThrow(DeliveryBusy);
  await heir.engine.onMessage(again);
  // What the dying one still learns is not recorded over it.
  tooLate.resolve({ kind: 'failed', error: 'too late' });
  await abandoned;
  expect((await rowsOf(event.id)).map(({ status }) => status)).toEqual(['sent', 'sent']);
});

test('an outcome is kept until the database is back, and nothing is sent again for it', async () => {
  const event = someTransfer();
  const release = answerInHand();
  const { engine, sent } = engineWith(() => release.promise, IN_HAND);
  const working = engine.onMessage(incoming(event));
  await waitFor(() => Promise.resolve(sent.length === 2), { what: 'both claims' });
  // Every connection to the database is cut, and none is let in for a while.
  await admin.query({ text: `alter database ${fresh.name} allow_connections false` });
  await admin.query({
    text: 'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1',
    values: [fresh.name],
  });
  release.resolve({ kind: 'sent', reference: 'x' });
  // A connection that was idle says first that it was cut.
  await waitFor(
    () => expect(database.query({ text: 'select 1' })).rejects.toThrow(/not currently accepting connections/),
    { what: 'the database being closed' },
  );
  await admin.query({ text: `alter database ${fresh.name} allow_connections true` });
  await working;
  expect((await rowsOf(event.id)).map(({ status, attempts }) => `${status} ${attempts}`)).toEqual([
    'sent 1',
    'sent 1',
  ]);
  expect(sent).toHaveLength(2);
});

test('a message that the broker gave up on becomes dead letters, except for parties that were notified', async () => {
  const event = someTransfer();
  await engineWith(failsFor('payee', { kind: 'failed', error: '503' })).engine.onMessage(incoming(event));
  const { engine, sent } = engineWith(accepts);
  for (let time = 0; time < 2; time += 1) await engine.onDeadMessage(incoming(event));
  await engine.onDeadMessage(incoming({ not: 'an event' }));
  expect(sent).toEqual([]);
  expect((await rowsOf(event.id)).map(({ status }) => status)).toEqual(['sent', 'dead']);
  expect(await lettersOf(event.id)).toEqual([{ role: 'payee', reason: 'delivery_limit', times: 1 }]);
});

test('five hundred events at once are each delivered once, although half of them come twice', async () => {
  const events = Array.from({ length: 500 }, () => someTransfer());
  const { engine, sent } = engineWith(accepts);
  const twice = [...events, ...events.filter((_event, index) => index % 2 === 0)];
  const outcomes = await Promise.allSettled(twice.map((event) => engine.onMessage(incoming(event))));
  // A copy that comes while the first is being worked on is held; the broker would hand it out again.
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(DeliveryBusy);
  }
  await Promise.all(events.map((event) => engine.onMessage(incoming(event))));
  expect(new Set(sent.map(({ reference }) => reference)).size).toBe(1_000);
  expect(sent).toHaveLength(1_000);
});

test('a claim whose answer was lost on the way is taken up again at once, by the same process', async () => {
  const wire = await startTcpProxy(fresh.adminUrl);
  const through = openDatabase({ url: wire.through(fresh.urlFor('phone')), name: 'engine', max: 4 });
  const { engine, sent } = scriptedEngine(through, [{ name: 'scripted', script: accepts }]);
  const event = someTransfer();
  const heard = wire.freezeAfter('deliveries-claim');
  const failed = engine.onMessage(incoming(event)).catch((error: unknown) => error);
  await heard;
  await waitFor(async () => (await rowsOf(event.id)).length === 2, { what: 'the claims' });
  wire.cut();
  await wire.forward();
  expect(await failed).toBeInstanceOf(Error);

  await engine.onMessage(incoming(event));
  expect(sent.map(({ to }) => to).sort()).toEqual(['payee', 'payer']);
  expect(await rowsOf(event.id)).toMatchObject([
    { role: 'payer', status: 'sent', attempts: 1, uncertain: false },
    { role: 'payee', status: 'sent', attempts: 1, uncertain: false },
  ]);
  await through.stop();
  await wire.stop();
});

test('of two copies in one process one waits for the other, and then has nothing to do', async () => {
  const answer = answerInHand();
  const { engine, sent } = engineWith(() => answer.promise, IN_HAND);
  const event = someTransfer();
  const first = engine.onMessage(incoming(event));
  await waitFor(() => Promise.resolve(sent.length === 2), { what: 'both being sent' });
  await expect(engine.onMessage(incoming(event))).rejects.toBeInstanceOf(DeliveryBusy);
  answer.resolve({ kind: 'sent', reference: 'x' });
  await first;
  await engine.onMessage(incoming(event));
  expect(sent).toHaveLength(2);
});

test('the youngest event that was taken from a lane is shown, whatever older one comes again after it', async () => {
  const younger = someTransfer();
  const { engine, metrics } = engineWith(accepts);
  await engine.onMessage(incoming(younger));
  await engine.onMessage(incoming({ ...someTransfer(), time: '2020-01-01T00:00:00.000Z' }));
  expect(await metrics()).toContain(
    `lane_newest_taken_timestamp_seconds{lane="interactive",service="phone"} ${Date.parse(younger.time) / 1_000}`,
  );
});
