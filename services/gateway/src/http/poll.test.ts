import { Poll } from './poll.ts';

test('a log that was cut since it was looked at is answered with nothing, so that asking again finds out', async () => {
  const poll = new Poll(10, 3_600_000);
  poll.begun({ seq: 9, historyGone: true });
  await poll.over;
  expect(poll.messages).toEqual([]);
});
