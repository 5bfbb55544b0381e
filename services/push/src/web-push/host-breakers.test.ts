import { HostBreakers } from './host-breakers.ts';
import type { PushResult } from './policy.ts';

const failed: PushResult = { kind: 'failed', error: 'away' };
const accepted: PushResult = { kind: 'accepted' };

/** A push service that answers in this way, and how often it was asked. */
function hostThat(breakers: HostBreakers, host: string, answer: PushResult) {
  let asked = 0;
  const send = () =>
    breakers.run(host, () => {
      asked += 1;
      return Promise.resolve(answer);
    });
  return { send, asked: () => asked };
}

test('a host that fails five times in a row is passed over, and the others are not', async () => {
  const breakers = new HostBreakers();
  const away = hostThat(breakers, 'away', failed);
  for (let n = 1; n <= 5; n += 1) expect(await away.send()).toEqual(failed);
  expect(await away.send()).toEqual({
    kind: 'failed',
    error: 'away is passed over, having failed too often',
  });
  expect(away.asked()).toBe(5);
  expect(await hostThat(breakers, 'well', accepted).send()).toEqual(accepted);
});

test.each([
  ['asks for a pause', { ...failed, retryAfterMs: 1_000 }],
  ['knows a browser no more', { kind: 'gone' } as const],
  ['refuses a message', { kind: 'refused', error: 'why' } as const],
])('one that %s is well', async (_what, answer) => {
  const host = hostThat(new HostBreakers(), 'well', answer);
  for (let n = 1; n <= 10; n += 1) expect(await host.send()).toEqual(answer);
  expect(host.asked()).toBe(10);
});
