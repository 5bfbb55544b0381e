import {
  services,
  startPayfan,
  testInfrastructure,
  waitFor,
  type Payfan,
  startTcpProxy,
  type TcpProxy,
} from '@payfan/stack/testing';
import { outside } from './people.ts';

let broker: TcpProxy;
let payfan: Payfan;
beforeAll(async () => {
  broker = await startTcpProxy((await testInfrastructure()).amqpUrl);
  payfan = await startPayfan({
    surroundings: (_service, around) => ({
      ...around,
      amqpUrl: (user) => broker.through(around.amqpUrl(user)),
    }),
  });
});
afterAll(async () => {
  await payfan.stop();
  await broker.stop();
});

interface Readiness {
  checks: Record<string, string>;
}
const readinessOf = async (service: string) => {
  const answer = await fetch(`${payfan.url(service)}/readyz`);
  return { isReady: answer.ok, ...((await answer.json()) as Readiness) };
};
/** Operations asks the broker's management API for each answer, and holds no connection. */
const connected = services.map(({ name }) => name).filter((name) => name !== 'operations');
const until = (what: string, condition: () => Promise<boolean>) => waitFor(condition, { what });
const allReport = (isThere: boolean) =>
  until(`every service reporting the broker as ${isThere ? 'there' : 'away'}`, async () => {
    const all = await Promise.all(connected.map(readinessOf));
    return all.every(({ checks }) => (checks['broker'] === 'ok') === isThere);
  });

test('while the broker is away every service stays ready, reports it, and answers what it can', async () => {
  const people = outside(payfan);
  const read = (service: string, path: string, key: string) =>
    people.call<{ data: unknown[] }>(`${payfan.url(service)}${path}`, key);
  const { id } = (await people.pay(100)).body;
  await people.everybodyTold(id);

  await broker.refuse();
  await allReport(false);
  for (const name of connected) {
    // A database that a busy machine lets wait for 2 s counts as away for that moment.
    await until(`${name} being ready, and reporting the broker as away`, async () => {
      const { isReady, checks } = await readinessOf(name);
      return isReady && checks['broker']?.includes('not connected') === true;
    });
    const metrics = await (await fetch(`${payfan.url(name)}/metrics`)).text();
    expect(metrics).toContain(`payfan_check_passed{check="broker",service="${name}"} 0`);
  }
  for (const channel of ['push', 'phone', 'email']) {
    expect((await read(channel, '/v1/dead-letters', 'demo_operator')).status).toBe(200);
  }
  expect(await people.deliveriesOf(id)).toHaveLength(6);
  const feed = await read('gateway', '/v1/events', 'demo_asha');
  expect([feed.status, feed.body.data.length]).toEqual([200, 1]);
  const paid = await people.pay(200);
  expect(paid.status).toBe(201);

  await broker.forward();
  await allReport(true);
  await people.everybodyTold(paid.body.id);
});

test('a copy that never reached the broker is not ready, except where it is not needed to answer', async () => {
  await broker.refuse();
  await payfan.program('transaction').stop();
  await payfan.program('push').stop();
  await payfan.restart('transaction');
  const push = payfan.restart('push');
  await until('push answering that it is not ready', async () => {
    const { isReady, checks } = await readinessOf('push').catch(() => ({ isReady: true, checks: {} }));
    return !isReady && (checks as Record<string, string>)['database'] === 'ok';
  });
  await broker.forward();
  await push;
  expect(await readinessOf('push')).toMatchObject({ isReady: true, checks: { broker: 'ok' } });
});
