import { randomUUID } from 'node:crypto';
import type { PaymentEvent } from '@payfan/contracts';
import { waitFor } from '@payfan/stack/testing';
import type { Bench } from './bench.ts';
import { somePayout } from './some-payout.ts';
import { someTransfer } from './some-transfer.ts';

const SETTLED = { what: 'the one concerned being told' };
const ACKNOWLEDGED = { what: 'the messages being acknowledged' };

/** What every channel does about payouts: a part of its contract. */
export function payoutContract(bench: () => Bench): void {
  const statusesOf = async (event: PaymentEvent) =>
    (await bench().deliveriesOf(event)).map(({ role, status }) => `${role} ${status}`);
  const isSent = (event: PaymentEvent) => async () => (await statusesOf(event)).join().endsWith(' sent');

  /** Publishes an event so often, and waits until every copy is done with. */
  async function tell(event: PaymentEvent, copies = 1): Promise<void> {
    const before = bench().handled();
    for (let copy = 0; copy < copies; copy += 1) await bench().publish(event);
    await waitFor(isSent(event), SETTLED);
    await waitFor(() => Promise.resolve(bench().handled() >= before + copies), ACKNOWLEDGED);
  }

  test('the payee of a transfer of a payout is notified, and its payer is not', async () => {
    const event = someTransfer({ lane: 'bulk', payoutId: randomUUID(), note: 'salary' });
    await tell(event, 3);
    expect(await statusesOf(event)).toEqual(['payee sent']);
    expect(await bench().toldOf(event)).toEqual({ [bench().addressOf(event, 'payee')]: 1 });
  });

  test('the owner of a completed payout is notified once, however often the message comes', async () => {
    const event = somePayout({ succeeded: 12_346, failed: 654, amount: 1_00_000_00 });
    await tell(event, 5);
    expect(await statusesOf(event)).toEqual(['payer sent']);
    expect(await bench().toldOf(event)).toEqual({ [bench().addressOf(event, 'payer')]: 1 });
    const { text } = await theOneOf(event);
    expect(text).toMatch(/1,00,000\.00|10000000/);
    expect(text).toMatch(/\b12,?346\b/);
    expect(text).toMatch(/\b13,?000\b/);
    expect(text).toMatch(/\b654\b/);
  });

  test('a hostile owner reaches nobody else, and breaks nothing', async () => {
    const event = somePayout({ ownerName: '</td><script>alert(1)</script>\r\nBcc: evil@example.com\r\n' });
    await tell(event);
    expect(await bench().toldOf(event)).toEqual({ [bench().addressOf(event, 'payer')]: 1 });
    expect((await bench().world.arrived()).map(({ to }) => to)).not.toContain('evil@example.com');
  });

  test.each<[what: string, event: PaymentEvent]>([
    ['a completed payout', somePayout()],
    ['a transfer of a payout', someTransfer({ lane: 'bulk', payoutId: randomUUID() })],
  ])('%s that the broker gave up on is told once when it is replayed, and never again', async (_, event) => {
    await bench().giveUp(event);
    await waitFor(async () => (await bench().deadLettersOf(event)).length === 1, SETTLED);
    expect(await bench().toldOf(event)).toEqual({});
    expect(await bench().replay(event)).toMatchObject({ matched: 1, replayed: 1, remaining: 0 });
    await waitFor(isSent(event), SETTLED);
    expect(await bench().replay(event)).toMatchObject({ matched: 0, replayed: 0 });
    expect(Object.values(await bench().toldOf(event))).toEqual([1]);
  });

  const theOneOf = async ({ subject }: PaymentEvent) => {
    const [only, ...others] = (await bench().world.arrived()).filter(({ text }) =>
      text.includes(subject.slice(-12)),
    );
    if (only === undefined || others.length > 0) throw new Error(`not one alert of ${subject}`);
    return only;
  };
}
