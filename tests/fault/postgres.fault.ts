import { openAdminDatabase, services, startServers, type Servers } from '@payfan/stack/testing';
import { KEPT } from './lib/checker.ts';
import { fault } from './lib/fault.ts';
import type { Load } from './lib/load.ts';
import { isRunning, moreAnswers, until } from './lib/look.ts';
import { canMount, mountSmallDisk } from './lib/small-disk.ts';
import { openWorld, type World } from './lib/world.ts';

let servers: Servers;
let world: World<never>;
beforeAll(async () => {
  servers = await startServers();
  world = await openWorld([], { servers: servers.infrastructure });
});
afterAll(async () => {
  await world.stop();
  await servers.stop();
});

/** So many clients more were asked to come again. */
async function moreRefusals(load: Load, how: 'none' | '503', count = 10): Promise<void> {
  const refused = () => load.refusals.get(how) ?? 0;
  const before = refused();
  await until(`${count} answers "${how}"`, () => refused() >= before + count);
}

fault('15. PostgreSQL killed and started again under load, three times', async (run) => {
  const { payfan } = world;
  const programs = services.map(({ name }) => payfan.program(name));
  const load = run.load(payfan);
  for (; run.faults < 3; run.faults += 1) {
    await moreAnswers(load);
    await servers.postgres.kill();
    await moreRefusals(load, '503');
    await servers.postgres.restart();
  }
  await moreAnswers(load);
  await load.stop();
  expect(await run.judge(payfan)).toMatchObject({ ...KEPT, mailsSentAgain: [] });
  for (const program of programs)
    expect([program.name, await isRunning(program)]).toEqual([program.name, true]);
});

/** What a client is told while nothing can be written. */
async function expectComeAgain(url: string): Promise<void> {
  const answer = await fetch(`${url}/v1/transfers`, {
    method: 'POST',
    headers: {
      authorization: 'Bearer demo_asha',
      'content-type': 'application/json',
      'idempotency-key': 'asked-once',
    },
    body: JSON.stringify({ to: '7010233311', amount: 100, currency: 'INR' }),
  });
  expect(answer.status).toBe(503);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await answer.json()).toMatchObject({ status: 503, code: 'temporarily_unavailable' });
}

fault('16. the database read-only for a while', async (run) => {
  const { payfan } = world;
  const { adminUrl, name } = payfan.database;
  const admin = openAdminDatabase({ url: adminUrl, name: 'operator' });
  const readOnly = (value: 'on' | 'off') =>
    admin.transaction(async (tx) => {
      await tx.query({ text: 'set transaction read write' });
      await tx.query({ text: `alter database ${name} set default_transaction_read_only = ${value}` });
    });
  const load = run.load(payfan);
  await moreAnswers(load);
  await readOnly('on');
  // As a failover does: sessions end, and what they find next takes no writes.
  const ended = await admin.query({
    text: `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and usename like 'payfan_%'`,
  });
  expect(ended.length).toBeGreaterThan(0);
  run.faults += 1;
  await moreRefusals(load, '503');
  await expectComeAgain(payfan.url('transaction'));
  // Sessions are not ended this time: they must be given up by those who hold them.
  await readOnly('off');
  await moreAnswers(load);
  await load.stop();
  await admin.stop();
  expect(await run.judge(payfan)).toMatchObject({ ...KEPT, mailsSentAgain: [] });
});

// Only root may mount a disk that is small enough to be filled.
if (canMount()) {
  fault('16. the disk full for a while', async (run) => {
    const { payfan } = world;
    const admin = openAdminDatabase({ url: payfan.database.adminUrl, name: 'operator' });
    const [data] = await admin.query<{ folder: string }>({
      text: `select current_setting('data_directory') as folder`,
    });
    const disk = mountSmallDisk(data?.folder ?? '');
    try {
      await admin.query({ text: `create tablespace small location '${disk.folder}'` });
      for (const kind of ['table', 'index']) {
        // A service that works on two of the tables at once may make this a deadlock.
        await until(`every ${kind} being on the small disk`, async () => {
          await admin.query({ text: `alter ${kind} all in tablespace pg_default set tablespace small` });
          return true;
        });
      }
      const load = run.load(payfan);
      await moreAnswers(load);
      disk.fill();
      run.faults += 1;
      // A transfer that finds room in a page that is there already is made; the others are refused.
      await moreRefusals(load, '503', 50);
      disk.free();
      await moreAnswers(load);
      await load.stop();
      expect(await run.judge(payfan)).toMatchObject({ ...KEPT, mailsSentAgain: [] });
    } finally {
      await admin.stop();
      disk.remove();
    }
  });
}
