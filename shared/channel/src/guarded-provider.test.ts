import { guard, type GuardOptions } from './guarded-provider.ts';
import type { Provider, SendResult } from './provider.ts';

const guarded = (send: Provider<string>['send'], onRefusal: GuardOptions['onRefusal'] = () => undefined) =>
  guard(
    { name: 'provider', send },
    { concurrency: 1, clock: { nowMs: () => 0 }, onChange: () => undefined, onRefusal },
  );
const failed: SendResult = { kind: 'failed', error: 'not connected yet' };

test('a provider whose time is up says itself whether it had handed the message over', async () => {
  const provider = guarded(
    (_message, { signal }) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve(failed))),
  );
  expect(await provider.send('message', 'reference', 5)).toEqual(failed);
});

test('without a word of the provider after its time, the message may have been accepted', async () => {
  const provider = guarded(() => new Promise(() => undefined));
  expect(await provider.send('message', 'reference', 5)).toEqual({
    kind: 'unknown',
    error: 'no answer within 5 ms',
  });
});

test('the reason of the abort is that the time is up', async () => {
  const provider = guarded(
    (_message, { signal }) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      ),
  );
  expect(await provider.send('message', 'reference', 5)).toEqual({
    kind: 'unknown',
    error: 'no answer within 5 ms',
  });
});

test.each([
  ['of Payfan itself', true, { isSkipped: true }],
  ['of Payfan or of this message', 'maybe', { isSkipped: false }],
] as const)(
  'a refusal %s is reported, and the provider is skipped only if the refusal is certainly about Payfan',
  async (_of, refusesUs, { isSkipped }) => {
    const reported: unknown[] = [];
    const refusal: SendResult = { kind: 'failed', error: '550 5.7.1', refusesUs };
    const provider = guarded(
      () => Promise.resolve(refusal),
      (name, error, isCertain) => reported.push([name, error, isCertain]),
    );
    await provider.send('message', 'reference', 1_000);
    expect(reported).toEqual([['provider', '550 5.7.1', refusesUs === true]]);
    expect(provider.isSkipped()).toBe(isSkipped);
  },
);
