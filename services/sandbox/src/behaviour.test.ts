import { MailBehaviour, SmsBehaviour, failsNow, isRejected } from './behaviour.ts';

test('without a wish, everything goes well', () => {
  expect(MailBehaviour.parse({})).toEqual({ failRate: 0, reject: false, hang: false, delayMs: 0 });
  expect(SmsBehaviour.parse({})).toEqual({ ...MailBehaviour.parse({}), retryAfterSeconds: null });
});

test.each([
  { failRate: 1.01 },
  { failRate: -0.1 },
  { failRate: '1' },
  { hang: 0 },
  { hang: 600_001 },
  { reject: 'asha@example.com' },
  { reject: [''] },
  { delayMs: 1.5 },
  { failrate: 1 },
])('%j is refused', (wish) => {
  expect(MailBehaviour.safeParse(wish).success).toBe(false);
});

test.each([
  [false, false],
  [true, true],
  [[], false],
  [['asha@example.com'], true],
  [['ASHA@EXAMPLE.COM'], true],
  [['example.com'], false],
  [['ravi@example.com', 'Asha@Example.com'], true],
])('reject %j refuses asha@example.com: %s', (reject, refused) => {
  expect(isRejected({ reject }, 'asha@example.com')).toBe(refused);
});

test.each([
  // random() is at least 0 and below 1, so the ends of the scale are never and always.
  [0, 0, false],
  [1, 0.999_999, true],
  [0.25, 0.249, true],
  [0.25, 0.25, false],
])('failRate %d with the dice at %d fails: %s', (failRate, dice, fails) => {
  expect(failsNow({ failRate }, () => dice)).toBe(fails);
});
