import { waitFor } from '@payfan/stack/testing';
import { bypassOutbox } from './lib/bypass-outbox.ts';
import { KEPT } from './lib/checker.ts';
import { fault } from './lib/fault.ts';
import { openWorld, type World } from './lib/world.ts';

type Wires = 'transaction to postgres' | 'transaction to rabbitmq';

/** Enough that every case has groups of several transfers under way when it strikes. */
const FEW = 20;
/** The method frame of `basic.publish`: class 60, method 40. */
const PUBLISH = Buffer.from([0, 60, 0, 40]);
const COMMIT = 'commit\0';

describe('the transaction service dies', () => {
  let world: World<Wires>;
  beforeAll(async () => {
    world = await openWorld(['transaction to postgres', 'transaction to rabbitmq']);
  });
  afterAll(() => world.stop());

  /** Runs a load, waits until `moment` comes about on a wire, kills the service, and starts it again. */
  function dies(at: string, moment: (wires: World<Wires>['wires']) => Promise<void>): void {
    fault(at, async (run) => {
      const { payfan, wires } = world;
      const load = run.load(payfan);
      await waitFor(() => Promise.resolve(load.answered.size >= FEW), { what: 'the first answers' });
      await moment(wires);
      await run.kill(payfan.program('transaction'));
      for (const wire of Object.values(wires)) await wire.forward();
      await payfan.restart('transaction');
      const before = load.answered.size;
      await waitFor(() => Promise.resolve(load.answered.size >= before + FEW), { what: 'further answers' });
      await load.stop();
      expect(await run.judge(payfan)).toMatchObject({ ...KEPT, mailsSentAgain: [] });
    });
  }

  dies('1. killed after COMMIT, before it publishes', (wires) =>
    wires['transaction to rabbitmq'].freezeBefore(PUBLISH),
  );
  dies('2. killed before COMMIT', (wires) => wires['transaction to postgres'].freezeBefore(COMMIT));
  dies('4. killed after the confirm, before the row is deleted', (wires) =>
    wires['transaction to postgres'].freezeBefore('outbox-delete-confirmed'),
  );
});

describe('the database connection', () => {
  let world: World<'transaction to postgres'>;
  beforeAll(async () => {
    world = await openWorld(['transaction to postgres']);
  });
  afterAll(() => world.stop());

  fault('3. cut during COMMIT, again and again, clients repeating their keys', async (run) => {
    const { payfan, wires } = world;
    const wire = wires['transaction to postgres'];
    const load = run.load(payfan);
    for (; run.faults < 10; run.faults += 1) {
      const before = load.answered.size;
      await waitFor(() => Promise.resolve(load.answered.size > before + 5), { what: 'answers' });
      await wire.freezeAfter(COMMIT);
      wire.cut();
      await wire.forward();
    }
    await load.stop();
    // Some of the commits were made, and their answers lost: clients had to ask again.
    expect(load.refusals.get('503')).toBeGreaterThan(0);
    expect(await run.judge(payfan)).toMatchObject({ ...KEPT, mailsSentAgain: [] });
  });
});

describe('a control without an outbox', () => {
  let world: World<'transaction to rabbitmq'>;
  beforeAll(async () => {
    world = await openWorld(['transaction to rabbitmq']);
  });
  afterAll(() => world.stop());

  fault(
    'the same kill as in 1, events published after the commit and kept nowhere: the checker finds losses',
    async (run) => {
      const { payfan, wires } = world;
      await bypassOutbox(payfan.database.adminUrl);
      const load = run.load(payfan);
      await waitFor(() => Promise.resolve(load.answered.size >= FEW), { what: 'the first answers' });
      await wires['transaction to rabbitmq'].freezeBefore(PUBLISH);
      await run.kill(payfan.program('transaction'));
      await wires['transaction to rabbitmq'].forward();
      await payfan.restart('transaction');
      await load.stop();
      const verdict = await run.judgeWhenQuiet(payfan);
      expect(verdict.lost.length).toBeGreaterThan(0);
      // Whole transfers are missing, and the money is still right: what is lost is the telling.
      expect(verdict).toMatchObject({ ...KEPT, lost: expect.any(Array) });
    },
  );
});
