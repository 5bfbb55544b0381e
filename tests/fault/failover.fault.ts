import { startSandbox, type Sandbox, startTcpProxy, type TcpProxy } from '@payfan/stack/testing';
import { KEPT } from './lib/checker.ts';
import { fault, type FaultRun } from './lib/fault.ts';
import { metric, moreAnswers, until } from './lib/look.ts';
import { attemptsAt, behave, type Outside } from './lib/outside.ts';
import { openWorld, PATIENCE, type World } from './lib/world.ts';

/** The preferred gateway and mail server; Payfan's own sandbox is the second of each. */
let first: Sandbox;
let toFirst: Record<'sms' | 'smtp', TcpProxy>;
let world: World<never>;
beforeAll(async () => {
  first = await startSandbox();
  toFirst = { sms: await startTcpProxy(first.smsUrl), smtp: await startTcpProxy(first.smtpUrl) };
  world = await openWorld([], {
    surroundings: (_service, around) => ({
      ...around,
      smsUrl: `${toFirst.sms.through(first.smsUrl)},${around.smsUrl}`,
      smtpUrl: `${toFirst.smtp.through(first.smtpUrl)},${around.smtpUrl}`,
    }),
    environment: { phone: PATIENCE, email: PATIENCE },
  });
});
afterAll(async () => {
  await world.stop();
  await first.stop();
  await Promise.all(Object.values(toFirst).map((wire) => wire.stop()));
});

const LOAD = { clients: 4, pauseMs: 80 };

/** Whether both of the preferred ones are passed over, or neither is. */
async function areSkipped(): Promise<boolean | undefined> {
  const isSkipped = (service: string, provider: string) =>
    metric(world.payfan.url(service), 'provider_skipped', { lane: 'interactive', provider });
  const values = await Promise.all([isSkipped('phone', 'sms-gateway'), isSkipped('email', 'smtp')]);
  if (values.every((value) => value === 1)) return true;
  return values.every((value) => value === 0) ? false : undefined;
}

const taken = async (url: string) =>
  (await attemptsAt(url)).filter(({ outcome }) => ['stored', 'hung'].includes(outcome)).length;

/** How many SMS and mails a part of the world has taken. */
const takenBy = async ({ smsUrl, mailApi }: Outside) => ({
  sms: await taken(smsUrl),
  mail: await taken(mailApi),
});

/** Waits until it has taken so many more of both. */
async function moreTakenBy(outside: Outside, more: number): Promise<void> {
  const before = await takenBy(outside);
  await until(`${more} further messages of either kind being taken`, async () => {
    const now = await takenBy(outside);
    return now.sms >= before.sms + more && now.mail >= before.mail + more;
  });
}

/** Breaks the preferred ones under load and mends them: the second ones take over until then, and no longer. */
async function failOver(run: FaultRun, breakIt: () => Promise<void>, mendIt: () => Promise<void>) {
  const { payfan } = world;
  // With nothing under way: a mail that is cut off in the middle may arrive twice, which is another case.
  await breakIt();
  run.faults = 2;
  const load = run.load(payfan, LOAD);
  const before = await takenBy(first);
  await until('the preferred ones being passed over', async () => (await areSkipped()) === true);
  await moreTakenBy(payfan, 20);
  expect(await takenBy(first)).toEqual(before);
  await mendIt();
  await until('nobody being passed over', async () => (await areSkipped()) === false);
  await moreTakenBy(first, 20);
  await load.stop();
  expect(await run.judge(payfan, { alsoOutside: [first] })).toMatchObject({ ...KEPT, mailsSentAgain: [] });
}

fault('the preferred gateway and mail server refuse connections: the second ones take over', (run) =>
  failOver(
    run,
    async () => {
      await Promise.all(Object.values(toFirst).map((wire) => wire.refuse()));
    },
    async () => {
      await Promise.all(Object.values(toFirst).map((wire) => wire.forward()));
    },
  ),
);

fault('the preferred gateway and mail server refuse every message: the second ones take over', (run) =>
  failOver(
    run,
    async () => {
      await Promise.all([first.smsUrl, first.mailApi].map((url) => behave(url, { failRate: 1 })));
    },
    async () => {
      await Promise.all([first.smsUrl, first.mailApi].map((url) => behave(url, {})));
    },
  ),
);

fault('the preferred ones take messages and never answer: those go to nobody else', async (run) => {
  const { payfan } = world;
  const load = run.load(payfan, LOAD);
  await moreAnswers(load);
  await behave(first.smsUrl, { hang: true });
  await behave(first.mailApi, { hang: true });
  run.faults = 2;
  // Whoever keeps silent is passed over as well, by messages that it has not seen.
  await until('the preferred ones being passed over', async () => (await areSkipped()) === true);
  await moreTakenBy(payfan, 20);
  await behave(first.smsUrl, {});
  await behave(first.mailApi, {});
  await moreAnswers(load);
  await load.stop();
  const verdict = await run.judge(payfan, { alsoOutside: [first] });
  expect(verdict).toMatchObject(KEPT);
  // A mail server can't be asked what it took, so it alone is sent that again.
  expect(verdict.mailsSentAgain.length).toBeGreaterThan(0);
  for (const url of ['smsUrl', 'mailApi'] as const) {
    const [atFirst, atSecond] = await Promise.all([attemptsAt(first[url]), attemptsAt(payfan[url])]);
    const hung = new Set(
      atFirst.filter(({ outcome }) => outcome === 'hung').map(({ reference }) => reference),
    );
    expect(hung.size).toBeGreaterThan(0);
    expect(atSecond.filter(({ reference }) => hung.has(reference))).toEqual([]);
  }
});
