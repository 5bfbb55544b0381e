import { DeliveryList, QueueList, type PayoutItemResult } from '@payfan/contracts';
import { ASHA, MEERA, openPayoutWorld, type PayoutWorld } from './payout-world.ts';

let world: PayoutWorld;
beforeAll(async () => {
  world = await openPayoutWorld();
});
afterAll(() => world.stop());

const CHANNELS = ['push', 'phone', 'email'];

async function ask(path: string, key: string) {
  const response = await fetch(`${world.payfan.url('operations')}${path}`, {
    headers: { authorization: `Bearer ${key}` },
  });
  return { status: response.status, body: await response.json() };
}

test('the owner of a payout finds how he was notified of it, and how payees were notified of its lines', async () => {
  const id = await world.send('demo_ravi', [{ to: ASHA }, { to: MEERA }]);
  await world.finished(id);
  const told = async (path: string, key = 'demo_ravi') =>
    DeliveryList.parse((await ask(path, key)).body)
      .data.filter(({ status }) => status === 'sent')
      .map(({ channel, role }) => `${channel} ${role}`);
  const isTold = (path: string) => async () => (await told(path)).length === CHANNELS.length;

  const ofOwner = `/v1/payouts/${id}/deliveries`;
  await world.until('the owner being told on every channel', isTold(ofOwner));
  expect(await told(ofOwner)).toEqual(CHANNELS.map((channel) => `${channel} payer`));
  expect(await told(ofOwner, 'demo_operator')).toEqual(await told(ofOwner));
  expect((await ask(ofOwner, 'demo_asha')).status).toBe(404);

  const [line]: PayoutItemResult[] = await world.items(id);
  const ofLine = `/v1/transfers/${line?.transferId}/deliveries`;
  await world.until('the payee being told on every channel', isTold(ofLine));
  expect(await told(ofLine)).toEqual(CHANNELS.map((channel) => `${channel} payee`));
});

test('the queues of payouts are counted with the others, each with its workers', async () => {
  const list = async () => QueueList.parse((await ask('/v1/queues', 'demo_operator')).body);
  await world.until('the broker having counted the workers', async () => {
    const lanes = (await list()).data.filter(({ channel, kind }) => channel === 'payouts' && kind === 'lane');
    return (
      lanes.map(({ lane }) => lane).join() === 'premium,free' &&
      lanes.every(({ consumers }) => consumers !== null && consumers > 0)
    );
  });
  expect((await list()).missing).toEqual([]);
});
