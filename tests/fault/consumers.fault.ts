import { services } from '@payfan/stack/testing';
import { KEPT } from './lib/checker.ts';
import { fault, type FaultRun } from './lib/fault.ts';
import type { Load } from './lib/load.ts';
import { count, depthOf, moreAnswers, sessionsEnd, until } from './lib/look.ts';
import { attemptsAt, behave } from './lib/outside.ts';
import { openWorld, type World } from './lib/world.ts';

const WIRES = [
  'push to postgres',
  'push to rabbitmq',
  'phone to postgres',
  'phone to rabbitmq',
  'email to postgres',
  'email to rabbitmq',
] as const;
type Channel = 'push' | 'phone' | 'email';

let world: World<(typeof WIRES)[number]>;
beforeAll(async () => {
  world = await openWorld(WIRES);
});
afterAll(() => world.stop());

const APPEND = 'feed-append';
const CLAIM = 'deliveries-claim';
const RECORD = 'deliveries-record';
/** The method frame of `basic.ack`: class 60, method 80. */
const ACK = Buffer.from([0, 60, 0, 80]);
/** Enough that every process has something in hand, and soon worked off. */
const LOAD = { clients: 4, pauseMs: 80 };
/** Longer than an attempt may take, and the most that the sandbox takes: the process is killed before it is answered. */
const NEVER_MS = 600_000;

const toPostgres = (channel: Channel) => world.wires[`${channel} to postgres`];
const toRabbitmq = (channel: Channel) => world.wires[`${channel} to rabbitmq`];

const outside = (channel: Channel) => (channel === 'phone' ? world.payfan.smsUrl : world.payfan.mailApi);

/** Deliveries that the dead process had begun and left without an outcome. */
const underWay = (channel: Channel) =>
  count(world.payfan, `select count(*) from ${channel}.deliveries where status = 'sending'`);

/** Which of those had their effect: rows in feeds for push, and what the world has for the others. */
async function effectsUnderWay(channel: Channel): Promise<number> {
  const { payfan } = world;
  if (channel === 'push') {
    return count(
      payfan,
      `select count(*) from push.deliveries d join push.feed_events f
         on f.event_id = d.event_id and f.account_id = d.account_id
       where d.status = 'sending'`,
    );
  }
  const arrived = await attemptsAt(outside(channel));
  const references = arrived.map(({ reference }) => `'${reference}'`).join(', ');
  return count(
    payfan,
    `select count(*) from ${channel}.deliveries
     where status = 'sending' and event_id || '.' || role in (${references})`,
  );
}

/** Where in the handling of a message a process dies. */
interface Death {
  name: string;
  /** Resolves when the process is where it is to die. */
  moment: (channel: Channel) => Promise<void>;
  /** Looks, while it is dead, whether it died there. */
  proof: (channel: Channel, load: Load) => Promise<void>;
}

const beforeItsEffect: Death = {
  name: 'before its effect',
  // Push has its effect by one statement; the others are stopped short of beginning to send.
  moment: (channel) =>
    channel === 'push' ? toPostgres('push').freezeBefore(APPEND) : toPostgres(channel).freezeAfter(CLAIM),
  async proof(channel) {
    expect(await underWay(channel)).toBeGreaterThan(await effectsUnderWay(channel));
  },
};

const inMidSend: Death = {
  name: 'in mid-send, taken and not answered',
  async moment(channel) {
    await behave(outside(channel), { delayMs: NEVER_MS });
    await until('sendings that get no answer', async () => (await effectsUnderWay(channel)) >= 5);
  },
  async proof(channel) {
    await behave(outside(channel), {});
    expect(await effectsUnderWay(channel)).toBeGreaterThan(0);
  },
};

const beforeItIsRecorded: Death = {
  name: 'after its effect, before it is recorded',
  moment: (channel) => toPostgres(channel).freezeBefore(RECORD),
  async proof(channel) {
    expect(await effectsUnderWay(channel)).toBeGreaterThan(0);
  },
};

const beforeTheAck: Death = {
  name: 'recorded, before the ack',
  // The consumer goes on with what it has prefetched, so other deliveries may be under way when it dies.
  moment: (channel) => toRabbitmq(channel).freezeBefore(ACK),
  // More messages are in its queue than have anything left to do.
  async proof(channel, load) {
    const { payfan } = world;
    await load.stop();
    await until(
      'an empty outbox',
      async () => (await count(payfan, 'select count(*) from transaction.outbox')) === 0,
    );
    const toDo = await count(
      payfan,
      `select (select count(*) from transaction.transfers t
               join transaction.accounts a on a.id = t.payer_id and a.kind = 'person')
            - (select count(*) from (select transfer_id from ${channel}.deliveries
                                     group by transfer_id having bool_and(status <> 'sending')) recorded) as count`,
    );
    await until(
      'recorded messages being in the queue again',
      async () => (await depthOf(payfan, `${channel}.interactive`)) > toDo,
    );
  },
};

/** Kills a channel there under load, and starts it again. Answers how many deliveries it left behind. */
async function dies(run: FaultRun, channel: Channel, { moment, proof }: Death): Promise<number> {
  const { payfan, wires } = world;
  const load = run.load(payfan, LOAD);
  await moreAnswers(load);
  await moment(channel);
  await run.kill(payfan.program(channel));
  for (const wire of Object.values(wires)) await wire.forward();
  // What the process had sent before it died may still be on its way.
  await sessionsEnd(payfan, channel);
  await proof(channel, load);
  const left = await underWay(channel);
  await payfan.restart(channel);
  await load.stop();
  return left;
}

describe.each([
  ['push', [beforeItsEffect, beforeItIsRecorded, beforeTheAck]],
  ['phone', [beforeItsEffect, inMidSend, beforeItIsRecorded, beforeTheAck]],
] as const)('%s', (channel, deaths) => {
  for (const death of deaths) {
    fault(`10. ${channel} killed ${death.name}`, async (run) => {
      await dies(run, channel, death);
      expect(await run.judge(world.payfan)).toMatchObject({ ...KEPT, mailsSentAgain: [] });
      // A gateway that can be asked is asked: nothing is even sent to it twice.
      const outcomes = (await attemptsAt(world.payfan.smsUrl)).map(({ outcome }) => outcome);
      expect(outcomes.filter((outcome) => outcome !== 'stored')).toEqual([]);
    });
  }
});

fault('14. every service stopped and started in turn under load, twice around', async (run) => {
  const { payfan } = world;
  const load = run.load(payfan, LOAD);
  for (let round = 1; round <= 2; round += 1) {
    for (const { name } of services) {
      await moreAnswers(load);
      expect([name, await payfan.program(name).stop()]).toEqual([name, { code: 0, signal: null }]);
      run.faults += 1;
      await payfan.restart(name);
    }
  }
  await moreAnswers(load);
  await load.stop();
  expect(await run.judge(payfan)).toMatchObject({ ...KEPT, mailsSentAgain: [] });
});

describe('email', () => {
  let sentAgain = 0;

  for (const death of [beforeItsEffect, inMidSend, beforeItIsRecorded, beforeTheAck]) {
    fault(`10. email killed ${death.name}`, async (run) => {
      const left = await dies(run, 'email', death);
      const verdict = await run.judge(world.payfan);
      expect(verdict).toMatchObject(KEPT);
      // SMTP can't be asked: whatever was under way may arrive twice, and nothing else.
      expect(verdict.mailsSentAgain.length - sentAgain).toBeLessThanOrEqual(left);
      sentAgain = verdict.mailsSentAgain.length;
    });
  }
});
