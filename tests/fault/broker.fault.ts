import {
  services,
  startServers,
  type Payfan,
  type Program,
  type RabbitmqNode,
  type Servers,
} from '@payfan/stack/testing';
import { KEPT } from './lib/checker.ts';
import { fault } from './lib/fault.ts';
import { count, depthOf, eventsLeave, metric, moreAnswers, until } from './lib/look.ts';
import { logged } from './lib/logged.ts';
import { openWorld, type World } from './lib/world.ts';

let servers: Servers;
let broker: RabbitmqNode;
beforeAll(async () => {
  servers = await startServers();
  [broker] = servers.rabbitmq;
});
afterAll(() => servers.stop());

const LOST = '"msg":"broker connection lost"';
const CONNECTED = '"msg":"broker connected"';
const CONNECTED_IN_VAIN = '"msg":"broker not reachable, trying again"';
const BLOCKED = '"msg":"broker takes no messages for now"';
/** Enough that the outbox grows while the broker is away, and is soon worked off after. */
const LOAD = { clients: 4, pauseMs: 40 };

const inOutbox = (payfan: Payfan) => count(payfan, 'select count(*) from transaction.outbox');
/** Waits for more events than a broker that works leaves in the outbox of a machine that is not busy. */
const outboxGrows = (payfan: Payfan) => until('a growing outbox', async () => (await inOutbox(payfan)) > 50);

/** The services that speak with the broker. */
const speakers = (payfan: Payfan) =>
  services.filter(({ name }) => name !== 'operations').map(({ name }) => payfan.program(name));

/** How many connections a program holds, by what it logged. */
const connectionsOf = (program: Program) => logged(program, CONNECTED) - logged(program, LOST);
/** Each program has one to publish by and one to consume by. */
const CONNECTIONS = 2;

/** Waits until every program has connected, lost its connections and so on as often as the broker came and went. */
async function everyProgramIs(what: 'connected' | 'disconnected', payfan: Payfan): Promise<void> {
  const connections = what === 'connected' ? CONNECTIONS : 0;
  for (const program of speakers(payfan)) {
    await until(`${program.name} being ${what}`, () => connectionsOf(program) === connections);
  }
}

describe('the broker', () => {
  let world: World<never>;
  beforeAll(async () => {
    world = await openWorld([], { servers: servers.infrastructure });
  });
  afterAll(() => world.stop());

  fault('5. the broker killed under load and started again, three times', async (run) => {
    const { payfan } = world;
    const load = run.load(payfan, LOAD);
    for (; run.faults < 3; run.faults += 1) {
      // A program that is not connected has nothing to lose.
      await everyProgramIs('connected', payfan);
      await moreAnswers(load);
      await broker.server.kill();
      await everyProgramIs('disconnected', payfan);
      await outboxGrows(payfan);
      await broker.server.restart();
      await eventsLeave(payfan);
    }
    await moreAnswers(load);
    await load.stop();
    // Nobody who paid has noticed.
    expect(Object.fromEntries(load.refusals)).toEqual({});
    for (const program of speakers(payfan)) expect(logged(program, LOST)).toBeGreaterThanOrEqual(3);
    expect(await run.judge(payfan)).toMatchObject({ ...KEPT, mailsSentAgain: [] });
  });

  fault('6. the broker frozen for longer than its heartbeats, and back', async (run) => {
    const { payfan } = world;
    const load = run.load(payfan, LOAD);
    await moreAnswers(load);
    await everyProgramIs('connected', payfan);
    const inVain = new Map(speakers(payfan).map((program) => [program, logged(program, CONNECTED_IN_VAIN)]));
    broker.server.suspend();
    run.faults += 1;
    await everyProgramIs('disconnected', payfan);
    // It takes connections and says nothing on them.
    await until('attempts to connect in vain', () =>
      [...inVain].every(([program, before]) => logged(program, CONNECTED_IN_VAIN) > before),
    );
    await outboxGrows(payfan);
    broker.server.resume();
    await moreAnswers(load);
    await load.stop();
    expect(Object.fromEntries(load.refusals)).toEqual({});
    expect(await run.judge(payfan)).toMatchObject({ ...KEPT, mailsSentAgain: [] });
  });

  fault('8. a memory alarm: transfers are taken, queues are emptied, events wait', async (run) => {
    const { payfan } = world;
    const load = run.load(payfan, LOAD);
    // So that there is something in a queue that can be worked off during the alarm.
    await payfan.program('phone').stop();
    await moreAnswers(load, 50);
    await until('messages for phone', async () => (await depthOf(payfan, 'phone.interactive')) >= 50);
    const transaction = payfan.program('transaction');
    const reported = logged(transaction, BLOCKED);
    await broker.control('set_vm_memory_high_watermark', '0.00001');
    run.faults += 1;
    try {
      await until('transaction reporting the alarm', () => logged(transaction, BLOCKED) > reported);
      await outboxGrows(payfan);
      await until(
        'the metric showing events that wait',
        async () => ((await metric(transaction.url, 'outbox_waiting')) ?? 0) > 0,
      );
      await payfan.restart('phone');
      await until('an empty queue', async () => (await depthOf(payfan, 'phone.interactive')) === 0);
      const waiting = await inOutbox(payfan);
      await moreAnswers(load);
      await until('more events waiting', async () => (await inOutbox(payfan)) > waiting);
    } finally {
      await broker.control('set_vm_memory_high_watermark', '0.4');
    }
    await eventsLeave(payfan);
    await load.stop();
    expect(Object.fromEntries(load.refusals)).toEqual({});
    expect(await run.judge(payfan)).toMatchObject({ ...KEPT, mailsSentAgain: [] });
  });
});

/** The beginning of a frame that carries this AMQP method. */
const method = (group: number, number: number): Buffer => Buffer.from([0, group, 0, number]);
const QUEUE_DECLARE = method(50, 10);
/** What a client says to open a connection and to prepare it, in this order. */
const HANDSHAKE: readonly Buffer[] = [
  Buffer.from('AMQP\0\0\x09\x01'),
  // connection.start-ok, .tune-ok, .open; channel.open; exchange.declare; queue.declare, .bind.
  ...[method(10, 11), method(10, 31), method(10, 40), method(20, 10), method(40, 10)],
  ...[QUEUE_DECLARE, method(50, 20)],
];
/** Transaction declares no queue: it binds those of the channels. */
const STEPS = { transaction: HANDSHAKE.filter((step) => step !== QUEUE_DECLARE), phone: HANDSHAKE };

describe('the handshake', () => {
  let world: World<'transaction to rabbitmq' | 'phone to rabbitmq'>;
  beforeAll(async () => {
    world = await openWorld(['transaction to rabbitmq', 'phone to rabbitmq'], {
      servers: servers.infrastructure,
    });
  });
  afterAll(() => world.stop());

  for (const service of ['transaction', 'phone'] as const) {
    fault(`7. ${service} cut off at every step of connecting`, async (run) => {
      const { payfan, wires } = world;
      const wire = wires[`${service} to rabbitmq`];
      const program = payfan.program(service);
      const load = run.load(payfan, LOAD);
      await moreAnswers(load);
      const failed = logged(program, CONNECTED_IN_VAIN);
      for (const step of STEPS[service]) {
        // Once the broker never hears of it, and once the service never hears that it was done.
        for (const freeze of ['freezeBefore', 'freezeAfter'] as const) {
          const reached = wire[freeze](step);
          wire.cut();
          await reached;
          const connected = logged(program, CONNECTED);
          wire.cut();
          await wire.forward();
          run.faults += 1;
          await until('both connections', () => logged(program, CONNECTED) >= connected + 2);
        }
      }
      await until(
        'a report of each attempt in vain',
        () => logged(program, CONNECTED_IN_VAIN) - failed >= run.faults,
      );
      await moreAnswers(load);
      await load.stop();
      expect(Object.fromEntries(load.refusals)).toEqual({});
      expect(await run.judge(payfan)).toMatchObject({ ...KEPT, mailsSentAgain: [] });
    });
  }
});
