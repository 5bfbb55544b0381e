import { subscribeInTime } from './subscribe-in-time.ts';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

function someSubscription() {
  const subscription = { unsubscribe: jest.fn(() => Promise.resolve(true)) };
  let arrive: () => void = () => undefined;
  const arriving = new Promise<typeof subscription>((resolve) => (arrive = () => resolve(subscription)));
  return { subscription, arriving, arrive };
}

/** An attempt in which no push service answers in time. */
async function tryInVain({ arriving }: ReturnType<typeof someSubscription>) {
  const attempt = expect(subscribeInTime(() => arriving)).rejects.toThrow('no push service answered');
  await jest.advanceTimersByTimeAsync(10_000);
  await attempt;
}

test('one that comes is handed on, and nothing waits any more', async () => {
  const { subscription, arriving, arrive } = someSubscription();
  arrive();
  expect(await subscribeInTime(() => arriving)).toBe(subscription);
  expect(jest.getTimerCount()).toBe(0);
});

test('what the browser says is passed on', async () => {
  const refused = () => Promise.reject(new Error('push service not available'));
  await expect(subscribeInTime(refused)).rejects.toThrow('push service not available');
});

test('one that comes too late is given back', async () => {
  const late = someSubscription();
  await tryInVain(late);
  late.arrive();
  await jest.advanceTimersByTimeAsync(0);
  expect(late.subscription.unsubscribe).toHaveBeenCalledTimes(1);
});

test('a late one stays if it is what the next attempt got', async () => {
  const shared = someSubscription();
  await tryInVain(shared);
  const again = subscribeInTime(() => shared.arriving);
  shared.arrive();
  expect(await again).toBe(shared.subscription);
  expect(shared.subscription.unsubscribe).not.toHaveBeenCalled();
});
