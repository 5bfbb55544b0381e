import { attempt } from './attempt.ts';
import { guard } from './guarded-provider.ts';
import type { Provider, SendResult } from './provider.ts';

const sent: SendResult = { kind: 'sent', reference: 'theirs' };
const failed: SendResult = { kind: 'failed', error: '503' };
const rejected: SendResult = { kind: 'rejected', error: 'no such number' };
const unknown: SendResult = { kind: 'unknown', error: 'silence' };

type Lookup = 'has it' | 'has it not' | 'does not say' | 'cannot be asked';

/** Providers that do as they are told, and what they were asked to do. */
function world(...tellings: { name: string; result: SendResult; lookup?: Lookup }[]) {
  const done: string[] = [];
  const changes: string[] = [];
  const guarded = tellings.map((telling) => {
    const provider: Provider<string> = {
      name: telling.name,
      send() {
        done.push(`send ${telling.name}`);
        return Promise.resolve(telling.result);
      },
    };
    const { lookup = 'cannot be asked' } = telling;
    if (lookup !== 'cannot be asked') {
      provider.lookup = () => {
        done.push(`ask ${telling.name}`);
        if (lookup === 'does not say') return Promise.reject(new Error('500'));
        return Promise.resolve(
          lookup === 'has it' ? { kind: 'sent', reference: 'theirs' } : { kind: 'absent' },
        );
      };
    }
    return guard(provider, { onChange: (name, state) => changes.push(`${name} ${state}`) });
  });
  const go = (
    earlier: { uncertain: boolean; lastProvider: string | null } = { uncertain: false, lastProvider: null },
  ) => attempt(guarded, 'hello', { reference: 'r', timeoutMs: 1_000, ...earlier });
  return { done, changes, tellings, go };
}

describe('with two providers', () => {
  test.each<[string, SendResult, string[], string]>([
    ['a definite failure moves on', failed, ['send a', 'send b'], 'b'],
    ['a refusal is final', rejected, ['send a'], 'a'],
    ['silence does not move on: the first may have it', unknown, ['send a'], 'a'],
  ])('%s', async (_title, first, done, provider) => {
    const { go, done: seen } = world({ name: 'a', result: first }, { name: 'b', result: sent });
    expect((await go()).provider).toBe(provider);
    expect(seen).toEqual(done);
  });

  test('when all fail, it says what each said, and waits for whoever is to be tried first', async () => {
    const { go } = world(
      { name: 'a', result: { ...failed, retryAfterMs: 60_000 } },
      { name: 'b', result: { ...failed, error: '429', retryAfterMs: 9_000 } },
    );
    expect((await go()).result).toEqual({ kind: 'failed', error: '503; 429', retryAfterMs: 9_000 });
  });
});

describe('after an attempt without an outcome', () => {
  test.each<[string, Lookup, Lookup, string | null, string[], SendResult['kind'], boolean]>([
    ['whoever has it is found, and nothing is sent', 'has it', 'has it not', 'a', ['ask a'], 'sent', false],
    ['also if it was the second one', 'has it not', 'has it', null, ['ask a', 'ask b'], 'sent', false],
    [
      'if nobody has it, it is sent as if new',
      'has it not',
      'has it not',
      'a',
      ['ask a', 'ask b', 'send a'],
      'sent',
      false,
    ],
    [
      'who does not say is asked another time',
      'does not say',
      'has it not',
      'a',
      ['ask a'],
      'unknown',
      false,
    ],
    [
      'who can’t be asked gets it again, and that is said',
      'cannot be asked',
      'cannot be asked',
      'b',
      ['send b'],
      'sent',
      true,
    ],
    [
      'if nobody knows who it was, the first',
      'cannot be asked',
      'cannot be asked',
      null,
      ['send a'],
      'sent',
      true,
    ],
    [
      'one who can be asked made it: nothing is sent again',
      'cannot be asked',
      'has it not',
      'b',
      ['ask b', 'send b'],
      'sent',
      false,
    ],
  ])('%s', async (_title, a, b, lastProvider, done, kind, resent) => {
    const { go, done: seen } = world(
      { name: 'a', result: sent, lookup: a },
      { name: 'b', result: sent, lookup: b },
    );
    const attempted = await go({ uncertain: true, lastProvider });
    expect(seen).toEqual(done);
    expect(attempted).toMatchObject({ result: { kind }, resent });
  });
});

describe('a provider that keeps failing', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  test('is passed over after ten failures in a row, and tried again after ten seconds', async () => {
    const { go, done, changes, tellings } = world({ name: 'a', result: failed }, { name: 'b', result: sent });
    for (let message = 0; message < 12; message += 1) expect((await go()).provider).toBe('b');
    expect(done.filter((what) => what === 'send a')).toHaveLength(10);
    expect(changes).toEqual(['a skipped']);

    jest.advanceTimersByTime(10_001);
    tellings[0]!.result = sent;
    expect((await go()).provider).toBe('a');
    expect(changes).toEqual(['a skipped', 'a back']);
  });

  test('is tried all the same where there is no other', async () => {
    const { go, done } = world({ name: 'a', result: failed });
    for (let message = 0; message < 15; message += 1) expect((await go()).result.kind).toBe('failed');
    expect(done).toHaveLength(15);
  });

  test('one failure among many successes changes nothing', async () => {
    const { go, done, tellings } = world({ name: 'a', result: sent }, { name: 'b', result: sent });
    for (let message = 0; message < 40; message += 1) {
      tellings[0]!.result = message % 5 === 4 ? sent : failed;
      await go();
    }
    expect(done.filter((what) => what === 'send a')).toHaveLength(40);
  });
});
