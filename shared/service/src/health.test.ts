import { createHealth } from './health.ts';

const allWell = () => Promise.resolve();

test('is ready when every check passes', async () => {
  const health = createHealth({ database: allWell, broker: allWell });
  expect(await health.ready()).toEqual({ ready: true, checks: { database: 'ok', broker: 'ok' } });
});

test('says which check failed and why, without secrets', async () => {
  const health = createHealth({
    database: allWell,
    broker: () => Promise.reject(new Error('cannot reach amqp://u:secret@rabbit')),
  });
  expect(await health.ready()).toEqual({
    ready: false,
    checks: { database: 'ok', broker: 'cannot reach amqp://u:[redacted]@rabbit' },
  });
});

describe('a check that is not always required', () => {
  const scripted = (required: 'once' | 'never') => {
    let answer = () => Promise.reject<undefined>(new Error('away'));
    const health = createHealth({ database: allWell, broker: { required, check: () => answer() } });
    return {
      returns: () => (answer = () => Promise.resolve(undefined)),
      goes: () => (answer = () => Promise.reject(new Error('away'))),
      ready: () => health.ready(),
    };
  };
  const isThere = { database: 'ok', broker: 'ok' };
  const isAway = { database: 'ok', broker: 'away' };

  test('`never` is reported and changes nothing', async () => {
    const broker = scripted('never');
    expect(await broker.ready()).toEqual({ ready: true, checks: isAway });
    broker.returns();
    expect(await broker.ready()).toEqual({ ready: true, checks: isThere });
  });

  test('`once` makes the service unready until it first passes, and never again', async () => {
    const broker = scripted('once');
    expect(await broker.ready()).toEqual({ ready: false, checks: isAway });
    broker.returns();
    expect(await broker.ready()).toEqual({ ready: true, checks: isThere });
    broker.goes();
    expect(await broker.ready()).toEqual({ ready: true, checks: isAway });
  });

  test('does not hide that another one fails', async () => {
    const health = createHealth({
      database: () => Promise.reject(new Error('gone')),
      broker: { required: 'never', check: allWell },
    });
    expect((await health.ready()).ready).toBe(false);
  });
});

test('a check that throws at once, or an error without words, is a failed check', async () => {
  const health = createHealth({
    one: () => {
      throw new Error('at once');
    },
    two: () => Promise.reject(new AggregateError([])),
  });
  expect(await health.ready()).toEqual({ ready: false, checks: { one: 'at once', two: 'failed' } });
});

test('a check that hangs fails after the time-out', async () => {
  const health = createHealth({ slow: () => new Promise(() => undefined) }, { timeoutMs: 20 });
  expect(await health.ready()).toEqual({ ready: false, checks: { slow: 'no answer within 20 ms' } });
});

test('is not ready once draining, however well it is', async () => {
  const health = createHealth({ database: allWell });
  expect(health.draining).toBe(false);
  health.drain();
  expect(health.draining).toBe(true);
  expect(await health.ready()).toEqual({ ready: false, checks: { database: 'ok', shutdown: 'draining' } });
});

test('calls that overlap share one round of checks, later ones check anew', async () => {
  let rounds = 0;
  const health = createHealth({
    database: () => {
      rounds += 1;
      return Promise.resolve();
    },
  });
  await Promise.all([health.ready(), health.ready(), health.ready()]);
  expect(rounds).toBe(1);
  await health.ready();
  expect(rounds).toBe(2);
});
