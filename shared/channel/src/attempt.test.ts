import { attempt, type AttemptOptions } from './attempt.ts';
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
  const clock = { nowMs: 0 };
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
    return guard(provider, {
      concurrency: 100,
      clock: { nowMs: () => clock.nowMs },
      onChange: (name, state) => changes.push(`${name} ${state}`),
      onRefusal: (name, error) => changes.push(`${name} refuses: ${error}`),
    });
  });
  const go = (earlier: Partial<AttemptOptions> = {}) =>
    attempt(guarded, 'hello', {
      reference: 'r',
      timeoutMs: 1_000,
      uncertain: false,
      lastProvider: null,
      leftBehind: false,
      ...earlier,
    });
  return { done, changes, tellings, clock, go };
}

describe('with two providers', () => {
  test.each<[string, SendResult, string[], string]>([
    ['a definite failure moves on', failed, ['send a', 'send b'], 'b'],
    ['a refusal is final', rejected, ['send a'], 'a'],
    ['silence does not move on: the first may have it', unknown, ['send a'], 'a'],
  ])('%s', async (_title, first, done, provider) => {
    const { go, done: seen } = world({ name: 'a', result: first }, { name: 'b', result: sent });
    expect(await go()).toMatchObject({ provider, uncertain: first === unknown, resent: false });
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

describe('after an attempt of which nobody knows whether it was accepted', () => {
  interface Case {
    title: string;
    /** Whether they can be asked, and what they say. */
    a?: Lookup;
    b?: Lookup;
    /** What comes of sending to `a`; `b` takes everything. */
    sendingToA?: SendResult;
    earlier: Partial<AttemptOptions>;
    done: string[];
    leads: { kind: SendResult['kind']; provider: string | null; uncertain: boolean; resent: boolean };
  }
  const cases: Case[] = [
    {
      title: 'the suspect has it: nothing is sent',
      a: 'has it',
      b: 'has it not',
      earlier: { lastProvider: 'a' },
      done: ['ask a'],
      leads: { kind: 'sent', provider: 'a', uncertain: false, resent: false },
    },
    {
      title: 'the suspect has it not: all are free, and nothing is in doubt any more',
      a: 'has it not',
      sendingToA: failed,
      earlier: { lastProvider: 'a' },
      done: ['ask a', 'send a', 'send b'],
      leads: { kind: 'sent', provider: 'b', uncertain: false, resent: false },
    },
    {
      title: 'the suspect has it not: it is the first to get it all the same',
      b: 'has it not',
      earlier: { lastProvider: 'b' },
      done: ['ask b', 'send b'],
      leads: { kind: 'sent', provider: 'b', uncertain: false, resent: false },
    },
    {
      title: 'the suspect does not say: it is asked another time, and nobody else gets it',
      a: 'does not say',
      b: 'has it not',
      earlier: { lastProvider: 'a' },
      done: ['ask a'],
      leads: { kind: 'unknown', provider: 'a', uncertain: true, resent: false },
    },
    {
      title: 'the suspect can’t be asked: it gets it again, and that is said',
      b: 'has it not',
      earlier: { lastProvider: 'a' },
      done: ['send a'],
      leads: { kind: 'sent', provider: 'a', uncertain: false, resent: true },
    },
    {
      title: 'the suspect fails this time: it stays the suspect, and nobody else gets it',
      sendingToA: failed,
      earlier: { lastProvider: 'a' },
      done: ['send a'],
      leads: { kind: 'failed', provider: 'a', uncertain: true, resent: true },
    },
    {
      title: 'the suspect refuses it this time: what came of the time before is still not known',
      sendingToA: rejected,
      earlier: { lastProvider: 'a' },
      done: ['send a'],
      leads: { kind: 'rejected', provider: 'a', uncertain: true, resent: true },
    },
    {
      title: 'the suspect keeps silent again',
      sendingToA: unknown,
      earlier: { lastProvider: 'a' },
      done: ['send a'],
      leads: { kind: 'unknown', provider: 'a', uncertain: true, resent: true },
    },
    {
      title: 'a suspect that is not the first choice',
      earlier: { lastProvider: 'b' },
      done: ['send b'],
      leads: { kind: 'sent', provider: 'b', uncertain: false, resent: true },
    },
    {
      title: 'nobody knows who it was: everybody is asked, and whoever has it is found',
      a: 'has it not',
      b: 'has it',
      earlier: { lastProvider: null },
      done: ['ask a', 'ask b'],
      leads: { kind: 'sent', provider: 'b', uncertain: false, resent: false },
    },
    {
      title: 'nobody knows who it was, and all have it not: as if new',
      a: 'has it not',
      b: 'has it not',
      sendingToA: failed,
      earlier: { lastProvider: null },
      done: ['ask a', 'ask b', 'send a', 'send b'],
      leads: { kind: 'sent', provider: 'b', uncertain: false, resent: false },
    },
    {
      title: 'nobody knows who it was: one who does not say is not taken for it',
      a: 'does not say',
      earlier: { lastProvider: null },
      done: ['ask a'],
      leads: { kind: 'unknown', provider: null, uncertain: true, resent: false },
    },
    {
      title: 'nobody knows who it was: one who has it is found behind one who does not say',
      a: 'does not say',
      b: 'has it',
      earlier: { lastProvider: null },
      done: ['ask a', 'ask b'],
      leads: { kind: 'sent', provider: 'b', uncertain: false, resent: false },
    },
    {
      title: 'nobody knows who it was: the first who can’t be asked gets it, and nobody else',
      sendingToA: failed,
      earlier: { lastProvider: null },
      done: ['send a'],
      leads: { kind: 'failed', provider: 'a', uncertain: true, resent: true },
    },
    {
      title: 'nobody knows who it was: not one who says that it was not',
      a: 'has it not',
      earlier: { lastProvider: null },
      done: ['ask a', 'send b'],
      leads: { kind: 'sent', provider: 'b', uncertain: false, resent: true },
    },
    {
      title: 'left behind by a suspect that can’t be asked: nobody else had it',
      b: 'has it not',
      sendingToA: failed,
      earlier: { lastProvider: 'a', leftBehind: true },
      done: ['send a'],
      leads: { kind: 'failed', provider: 'a', uncertain: true, resent: true },
    },
    {
      title: 'left behind, and the suspect can be asked: it may have freed the others',
      a: 'has it not',
      earlier: { lastProvider: 'a', leftBehind: true },
      done: ['ask a', 'send b'],
      leads: { kind: 'sent', provider: 'b', uncertain: false, resent: true },
    },
    {
      title: 'left behind, and the suspect does not say: from now on it may be any',
      a: 'does not say',
      earlier: { lastProvider: 'a', leftBehind: true },
      done: ['ask a'],
      leads: { kind: 'unknown', provider: null, uncertain: true, resent: false },
    },
    {
      title: 'the suspect is no longer configured: all are free',
      sendingToA: failed,
      earlier: { lastProvider: 'z' },
      done: ['send a', 'send b'],
      leads: { kind: 'sent', provider: 'b', uncertain: false, resent: true },
    },
    {
      title: 'the suspect has another name now, and is found under it',
      a: 'has it',
      earlier: { lastProvider: 'z' },
      done: ['ask a'],
      leads: { kind: 'sent', provider: 'a', uncertain: false, resent: false },
    },
  ];

  test.each(cases)('$title', async ({ a, b, sendingToA = sent, earlier, done, leads }) => {
    const { go, done: seen } = world(
      { name: 'a', result: sendingToA, ...(a && { lookup: a }) },
      { name: 'b', result: sent, ...(b && { lookup: b }) },
    );
    const { result, ...rest } = await go({ uncertain: true, ...earlier });
    expect(seen).toEqual(done);
    expect({ kind: result.kind, ...rest }).toEqual(leads);
  });

  test('a suspect that keeps failing is not passed over for another', async () => {
    const { go, done } = world({ name: 'a', result: failed }, { name: 'b', result: sent });
    for (let message = 0; message < 12; message += 1) await go({ uncertain: true, lastProvider: 'a' });
    expect(done).toEqual(Array(12).fill('send a'));
  });
});

describe('a provider that keeps failing', () => {
  test('is passed over after ten failures in a row, and tried again after ten seconds', async () => {
    const { go, done, changes, tellings, clock } = world(
      { name: 'a', result: failed },
      { name: 'b', result: sent },
    );
    for (let message = 0; message < 12; message += 1) expect((await go()).provider).toBe('b');
    expect(done.filter((what) => what === 'send a')).toHaveLength(10);
    expect(changes).toEqual(['a skipped']);

    clock.nowMs += 10_000;
    tellings[0]!.result = sent;
    expect((await go()).provider).toBe('a');
    expect(changes).toEqual(['a skipped', 'a back']);
  });

  test('is skipped at its first refusal of Payfan itself, and the next provider gets the message', async () => {
    const refusal: SendResult = { kind: 'failed', error: '535 bad credentials', refusesUs: true };
    const { go, done, changes } = world({ name: 'a', result: refusal }, { name: 'b', result: sent });
    for (let message = 0; message < 3; message += 1) expect((await go()).provider).toBe('b');
    expect(done.filter((what) => what === 'send a')).toHaveLength(1);
    expect(changes).toEqual(['a skipped', 'a refuses: 535 bad credentials']);
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
