import { RETRY_STEPS, type QueueList } from '@payfan/contracts';
import { KEPT } from './lib/checker.ts';
import { fault } from './lib/fault.ts';
import { metric, moreAnswers, until } from './lib/look.ts';
import { attemptsAt, behave, byReference, type ArrivedAttempt } from './lib/outside.ts';
import { openWorld, PATIENCE, type World } from './lib/world.ts';

let world: World<never>;
beforeAll(async () => {
  world = await openWorld([], { environment: { phone: PATIENCE } });
});
afterAll(() => world.stop());

/** Little, as all of it is tried several times. */
const LOAD = { clients: 4, pauseMs: 100 };
/** A wait is cut by up to a fifth, so that what failed together does not come back together. */
const SHORTEST_SHARE = 0.8;
const RETRY_AFTER_SECONDS = 20;
/** While every provider fails, a message that tests them takes no step, but comes no sooner than this. */
const FIRST_TEST_AFTER_MS = 10_000;
/** After so many in a row a channel takes the failures for the provider's own and pauses: more may not come. */
const FAILURES = 10;

/** The attempts since then that came sooner after the one before than was promised. */
function tooSoon(attempts: readonly ArrivedAttempt[]): string[] {
  return [...byReference(attempts)].flatMap(([reference, all]) =>
    all.slice(1).flatMap(({ time }, index) => {
      const before = all[index];
      const gapMs = Date.parse(time) - Date.parse(before?.time ?? '');
      const promisedMs =
        before?.outcome === 'throttled'
          ? RETRY_AFTER_SECONDS * 1_000
          : SHORTEST_SHARE * Math.min(RETRY_STEPS[index]?.delayMs ?? Infinity, FIRST_TEST_AFTER_MS);
      return gapMs >= promisedMs
        ? []
        : [`${reference}: ${gapMs} ms after attempt ${index + 1}, ${before?.outcome}`];
    }),
  );
}

const triedTwice = async (url: string) =>
  [...byReference(await attemptsAt(url)).values()].filter((attempts) => attempts.length >= 2).length;
const pausedSeconds = async (service: 'phone' | 'email') =>
  (await metric(world.payfan.url(service), 'lane_paused_seconds', { lane: 'interactive' })) ?? 0;
async function queuesOf(operationsUrl: string): Promise<QueueList> {
  const headers = { authorization: 'Bearer demo_operator' };
  return (await (await fetch(`${operationsUrl}/v1/queues`, { headers })).json()) as QueueList;
}
/** Whether metrics, and the route that the operations page shows, say that both lanes are paused. */
async function arePaused(operationsUrl: string): Promise<boolean> {
  const [phone, email] = await Promise.all([pausedSeconds('phone'), pausedSeconds('email')]);
  const { data } = await queuesOf(operationsUrl);
  const shown = ['phone.interactive', 'email.interactive'].map(
    (name) => data.find((queue) => queue.name === name)?.pausedSeconds ?? 0,
  );
  return [phone, email, ...shown].every((seconds) => seconds > 0);
}
const withOutcome = async (url: string, outcome: string) =>
  (await attemptsAt(url)).filter((attempt) => attempt.outcome === outcome).length;

fault('12. the SMS gateway and the mail server fail, then work again', async (run) => {
  const { payfan } = world;
  const { smsUrl, mailApi } = payfan;
  await behave(smsUrl, { failRate: 1, retryAfterSeconds: RETRY_AFTER_SECONDS });
  await behave(mailApi, { failRate: 1 });
  run.faults = 2;
  const load = run.load(payfan, LOAD);
  await until('refusals by Retry-After', async () => (await withOutcome(smsUrl, 'throttled')) >= FAILURES);
  await until('paused lanes', () => arePaused(payfan.url('operations')));
  await behave(smsUrl, { failRate: 1 });
  await until(
    'second attempts that fail',
    async () => (await triedTwice(smsUrl)) >= 1 && (await triedTwice(mailApi)) >= 1,
  );
  await until('lanes that are still paused', () => arePaused(payfan.url('operations')));
  await behave(smsUrl, {});
  await behave(mailApi, {});
  await moreAnswers(load);
  await load.stop();
  expect(await run.judge(payfan)).toMatchObject({ ...KEPT, mailsSentAgain: [] });
  for (const url of [smsUrl, mailApi]) expect(tooSoon(await attemptsAt(url))).toEqual([]);
});

fault('17. the SMS gateway takes every message and never answers, for a while', async (run) => {
  const { payfan } = world;
  const { smsUrl } = payfan;
  await behave(smsUrl, { hang: true });
  run.faults = 1;
  const load = run.load(payfan, LOAD);
  await until('messages that get no answer', async () => (await withOutcome(smsUrl, 'hung')) >= FAILURES);
  await behave(smsUrl, {});
  await moreAnswers(load);
  await load.stop();
  expect(await run.judge(payfan)).toMatchObject({ ...KEPT, mailsSentAgain: [] });
  // Asked about what it took, it says so: nothing is sent to it again.
  const again = [...byReference(await attemptsAt(smsUrl)).values()].filter(
    ([first, ...later]) => first?.outcome === 'hung' && later.length > 0,
  );
  expect(again).toEqual([]);
  expect(await withOutcome(smsUrl, 'conflict')).toBe(0);
});
