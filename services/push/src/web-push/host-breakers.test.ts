import type { Logger } from '@payfan/service';
import { HostBreakers } from './host-breakers.ts';
import type { PushResult } from './policy.ts';

const HOUR_MS = 3_600_000;
const failed: PushResult = { kind: 'failed', error: 'away' };
const accepted: PushResult = { kind: 'accepted' };
const refusal: PushResult = { kind: 'refuses_us', error: '403' };

/** Push services under a clock that the test moves. */
function aWorld() {
  const clock = { nowMs: 0 };
  const lines: string[] = [];
  const log = (level: string) => (_about: object, message: string) =>
    void lines.push(`${level} ${message.split(':')[0]}`);
  const logger = { warn: log('warn'), error: log('error') } as unknown as Logger;
  const breakers = new HostBreakers({ clock: { nowMs: () => clock.nowMs }, logger });
  /** A push service that answers in this way, and how often it was asked. */
  const host = (name: string, answer: PushResult) => {
    const service = {
      answer,
      asked: 0,
      send: () =>
        breakers.run(name, () => {
          service.asked += 1;
          return Promise.resolve(service.answer);
        }),
    };
    return service;
  };
  return { clock, lines, host };
}

test('a host that fails ten times in a row is skipped, and the others are not', async () => {
  const { lines, host } = aWorld();
  const away = host('away', failed);
  for (let n = 1; n <= 10; n += 1) expect(await away.send()).toEqual(failed);
  expect(await away.send()).toEqual({
    kind: 'skipped',
    error: 'away is skipped: it failed too often or refuses Payfan itself',
    retryAfterMs: 10_000,
  });
  expect(away.asked).toBe(10);
  expect(lines).toEqual(['warn push service is skipped']);
  expect(await host('well', accepted).send()).toEqual(accepted);
});

test.each([
  ['asks for a pause', { ...failed, retryAfterMs: 1_000 }],
  ['does not know a browser', { kind: 'gone' } as const],
  ['refuses a message', { kind: 'refused', error: 'why' } as const],
])('a host that %s is not skipped', async (_what, answer) => {
  const well = aWorld().host('well', answer);
  for (let n = 1; n <= 10; n += 1) expect(await well.send()).toEqual(answer);
  expect(well.asked).toBe(10);
});

test('a host that refuses Payfan itself is tested by one message an hour, and logged once', async () => {
  const { clock, lines, host } = aWorld();
  const refusing = host('refusing', refusal);
  for (let hour = 1; hour <= 12; hour += 1) {
    const results = await Promise.all(Array.from({ length: 5 }, () => refusing.send()));
    // At first the host is not known to refuse, so what is under way at once is refused together.
    const tests = hour === 1 ? 5 : 1;
    expect(results.filter(({ kind }) => kind === 'refuses_us')).toHaveLength(tests);
    const skipped = await refusing.send();
    expect(skipped).toMatchObject({ kind: 'skipped', retryAfterMs: HOUR_MS });
    // Another message than the refused one makes the next test.
    expect(results[0]).toMatchObject({ kind: 'refuses_us', retryAfterMs: 1.1 * HOUR_MS });
    clock.nowMs += HOUR_MS;
  }
  expect(lines.filter((line) => line.startsWith('error'))).toEqual([
    'error push service refuses Payfan itself',
  ]);
  refusing.answer = accepted;
  expect(await refusing.send()).toEqual(accepted);
  expect(await refusing.send()).toEqual(accepted);
  expect(lines.at(-1)).toBe('warn push service works again');
});

test('a host that accepts messages refuses a subscription and not Payfan, so it is not skipped', async () => {
  const { clock, lines, host } = aWorld();
  const mixed = host('mixed', accepted);
  await mixed.send();
  mixed.answer = refusal;
  for (let n = 1; n <= 5; n += 1) {
    expect(await mixed.send()).toEqual({ kind: 'failed', error: '403', retryAfterMs: 1.1 * HOUR_MS });
  }
  expect(lines).toEqual([]);
  clock.nowMs += HOUR_MS;
  expect(await mixed.send()).toMatchObject(refusal);
  expect(await mixed.send()).toMatchObject({ kind: 'skipped' });
});
