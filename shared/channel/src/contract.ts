import {
  DEAD_ROUTING_KEY,
  PAYMENTS_EXCHANGE,
  retryExchange,
  type PaymentEvent,
  type TransferCompleted,
} from '@payfan/contracts';
import { waitFor } from '@payfan/stack/testing';
import { setUp, type Bench, type ChannelSubject } from './testing/bench.ts';
import { payoutContract } from './testing/payout-contract.ts';
import { somePayout } from './testing/some-payout.ts';
import { someTransfer } from './testing/some-transfer.ts';

export type { Arrived, ChannelSubject, World } from './testing/bench.ts';
export { SEND_TIMEOUT_MS } from './testing/bench.ts';
export { failOver } from './testing/fail-over.ts';
export { linksIn, typedLinks } from './testing/links.ts';
export { sandboxBehaviour } from './testing/sandbox.ts';
export { somePayout, someTransfer };

const ACKNOWLEDGED = { what: 'the messages being acknowledged', timeoutMs: 10_000 };
const SETTLED = { what: 'everybody being told', timeoutMs: 25_000 };

/** The tests that every channel passes, on a real database and broker. Call it at the top of a test file. */
export function channelContract<Message>(subject: ChannelSubject<Message>): void {
  const { name } = subject;
  let bench: Bench;

  beforeAll(async () => {
    bench = await setUp(subject);
  });
  afterAll(async () => {
    await bench.close();
  });

  const toldOf = (event: TransferCompleted) => bench.toldOf(event);

  function bothOnce(event: TransferCompleted): Record<string, number> {
    return { [bench.addressOf(event, 'payer')]: 1, [bench.addressOf(event, 'payee')]: 1 };
  }

  const allSent = (event: TransferCompleted) => async () =>
    (await bench.deliveriesOf(event)).filter(({ status }) => status === 'sent').length === 2;

  describe(`the ${name} channel`, () => {
    test.each(['interactive', 'bulk'] as const)(
      'tells payer and payee once, from the %s lane',
      async (lane) => {
        const event = someTransfer({ lane });
        const before = bench.handled();
        await bench.publish(event);
        await waitFor(allSent(event), SETTLED);
        expect(await toldOf(event)).toEqual(bothOnce(event));
        for (const delivery of await bench.deliveriesOf(event)) {
          expect(delivery).toMatchObject({ attempts: 1, error: null, uncertain: false });
          expect(delivery.reference).not.toBeNull();
        }
        await waitFor(() => Promise.resolve(bench.handled() > before), ACKNOWLEDGED);
      },
    );

    test('says how much, from whom or to whom, and nothing of the other one’s addresses', async () => {
      const event = someTransfer({ amount: 1_00_000_00, note: 'lunch' });
      await bench.publish(event);
      await waitFor(allSent(event), SETTLED);
      const arrived = await bench.world.arrived();
      for (const [role, other] of [
        ['payer', event.data.payee],
        ['payee', event.data.payer],
      ] as const) {
        const text = arrived.find(
          (alert) =>
            alert.to === bench.addressOf(event, role) &&
            alert.text.includes(event.data.transferId.slice(-12)),
        )?.text;
        expect(text).toMatch(/1,00,000\.00|10000000/);
        expect(text).toContain(other.name);
        expect(text?.includes('lunch')).toBe(subject.showsNotes);
        expect(text).not.toContain(other.phone);
        expect(text).not.toContain(other.email);
      }
    });

    test('the same event five times tells everybody once, whichever consumer gets it', async () => {
      const second = bench.openChannel();
      await second.start();
      const event = someTransfer();
      const before = bench.handled();
      for (let copy = 0; copy < 5; copy += 1) await bench.publish(event);
      await waitFor(allSent(event), SETTLED);
      await waitFor(() => Promise.resolve(bench.handled() >= before + 5), ACKNOWLEDGED);
      await second.stop();
      expect(await toldOf(event)).toEqual(bothOnce(event));
    });

    test('a message that is no known event becomes a dead letter, and the next one is delivered', async () => {
      const event = someTransfer();
      const unknown = { ...someTransfer(), type: 'payfan.transfer.completed.v9' };
      const wrong = { ...someTransfer(), data: { ...event.data, amount: -5 } };
      await bench.publishRaw(Buffer.from('{"half":'));
      await bench.publishRaw(Buffer.from([0xff, 0xfe, 0x00]));
      await bench.publishRaw(Buffer.from(JSON.stringify(unknown)));
      await bench.publishRaw(Buffer.from(JSON.stringify(wrong)));
      await bench.publish(event);
      await waitFor(allSent(event), SETTLED);
      await waitFor(async () => (await bench.deadLetters('unreadable')).length === 4, {
        what: 'four dead letters',
        timeoutMs: 10_000,
      });
      const letters = await bench.deadLetters('unreadable');
      expect(letters.map(({ error }) => error).sort()).toEqual([
        expect.stringContaining('malformed: data.amount'),
        'malformed: the body is not JSON',
        'malformed: the body is not JSON',
        'unknown type: payfan.transfer.completed.v9',
      ]);
      expect(letters.map(({ body }) => body.toString('latin1'))).toContain('{"half":');
    });

    test('hostile names and notes reach nobody else, and break nothing', async () => {
      const event = someTransfer({
        note: '</td><script>alert(1)</script>\r\nBcc: evil@example.com\r\n\r\nsecond message',
        payerName: 'Asha\r\nBcc: evil@example.com',
        payeeName: '"Ravi" <evil@example.com>,\u2028 +919999999999',
      });
      await bench.publish(event);
      await waitFor(allSent(event), SETTLED);
      expect(await toldOf(event)).toEqual(bothOnce(event));
      expect((await bench.world.arrived()).map(({ to }) => to)).not.toContain('evil@example.com');
    });

    test('an attempt that a dead process left open is finished, and tells once', async () => {
      const event = someTransfer();
      await bench.leaveOpen(event);
      await bench.publish(event);
      await waitFor(allSent(event), SETTLED);
      expect(await toldOf(event)).toEqual(bothOnce(event));
      expect((await bench.deliveriesOf(event)).map(({ attempts }) => attempts)).toEqual([2, 2]);
    });

    test('stopping in the middle of a crowd loses and doubles nothing', async () => {
      const events = Array.from({ length: 60 }, () => someTransfer());
      const publishing = Promise.all(events.map((event) => bench.publish(event)));
      await waitFor(async () => (await bench.deliveriesOf(...events)).length > 10, SETTLED);
      await bench.channel.stop();
      await publishing;
      bench.channel = bench.openChannel();
      await bench.channel.start();
      await waitFor(
        async () =>
          (await bench.deliveriesOf(...events)).filter(({ status }) => status === 'sent').length === 120,
        SETTLED,
      );
      for (const event of events) expect(await toldOf(event)).toEqual(bothOnce(event));
    });

    test('a message that the broker gave up on is delivered once when it is replayed, and never again', async () => {
      const event = someTransfer();
      await bench.giveUp(event);
      await waitFor(async () => (await bench.deadLettersOf(event)).length === 2, SETTLED);
      expect(await toldOf(event)).toEqual({});
      expect(await bench.replay(event)).toMatchObject({ matched: 2, replayed: 2, remaining: 0 });
      await waitFor(allSent(event), SETTLED);
      expect(await bench.replay(event)).toMatchObject({ matched: 0, replayed: 0 });
      expect(await toldOf(event)).toEqual(bothOnce(event));
    });

    describe('a message that did not come from the service that publishes such events', () => {
      const asAdministrator = (exchange: string, key: string, properties: object) => (event: PaymentEvent) =>
        bench.admin.publish(exchange, key, JSON.stringify(event), properties);
      const fromPayments = (properties: object) =>
        asAdministrator(PAYMENTS_EXCHANGE, 'transfer.completed.interactive', properties);

      test.each<[string, () => PaymentEvent, (event: PaymentEvent) => Promise<unknown>]>([
        ['a transfer without a user-id', someTransfer, fromPayments({})],
        [
          'a transfer from an administrator',
          someTransfer,
          (event) => fromPayments({ user_id: bench.admin.user })(event),
        ],
        ['the end of a payout without a user-id', somePayout, fromPayments({})],
        ['a transfer from payout', someTransfer, (event) => bench.publishAsOther(event)],
        ['the end of a payout from transaction', somePayout, (event) => bench.publishAsOther(event)],
        [
          'a transfer on which consumers died',
          someTransfer,
          asAdministrator(retryExchange(name), DEAD_ROUTING_KEY, {}),
        ],
      ])('becomes a dead letter, sends no alert and is never replayed: %s', async (_what, some, forge) => {
        const event = some();
        const letters = async () =>
          (await bench.deadLetters('untrusted_publisher')).filter(({ body }) => body.includes(event.id));
        await forge(event);
        await waitFor(async () => (await letters()).length === 1, SETTLED);
        expect(await letters()).toMatchObject([
          {
            role: null,
            error: expect.stringMatching(/may come from payfan_(transaction|payout) or/) as string,
          },
        ]);
        expect(await bench.replay(event)).toMatchObject({ matched: 0, replayed: 0, refused: 1 });
        // The genuine event arrives later, and its alerts are sent as usual.
        await bench.publish(event);
        await waitFor(async () => {
          const deliveries = await bench.deliveriesOf(event);
          return deliveries.length > 0 && deliveries.every(({ status }) => status === 'sent');
        }, SETTLED);
        for (const { attempts } of await bench.deliveriesOf(event)) expect(attempts).toBe(1);
        for (const times of Object.values(await bench.toldOf(event))) expect(times).toBe(1);
        expect(await letters()).toHaveLength(1);
      });
    });

    payoutContract(() => bench);

    if (subject.provider === 'ours') return;
    describe('when the world misbehaves', () => {
      afterEach(async () => {
        await bench.world.behave('well');
      });

      test('what fails for now is tried again, and tells once', async () => {
        await bench.world.behave('fails');
        const event = someTransfer();
        await bench.publish(event);
        await waitFor(
          async () =>
            (await bench.deliveriesOf(event)).filter(({ status }) => status === 'retrying').length === 2,
          SETTLED,
        );
        for (const { error } of await bench.deliveriesOf(event)) expect(error).not.toBeNull();
        await bench.world.behave('well');
        await waitFor(allSent(event), SETTLED);
        expect(await toldOf(event)).toEqual(bothOnce(event));
        expect((await bench.deliveriesOf(event)).map(({ attempts }) => attempts)).toEqual([2, 2]);
      });

      test('a refused delivery becomes a dead letter at once, and the other one is sent once', async () => {
        const event = someTransfer();
        await bench.world.behave({ rejects: bench.addressOf(event, 'payee') });
        await bench.publish(event);
        await waitFor(async () => (await bench.deadLettersOf(event)).length === 1, SETTLED);
        await waitFor(
          async () => (await bench.deliveriesOf(event)).map(({ status }) => status).join() === 'sent,dead',
          SETTLED,
        );
        expect(await toldOf(event)).toEqual({ [bench.addressOf(event, 'payer')]: 1 });
        const [letter] = await bench.deadLettersOf(event);
        expect(letter).toMatchObject({ reason: 'rejected', role: 'payee', attempts: 1 });
        expect(JSON.parse(letter?.body.toString() ?? '')).toEqual(event);
      });

      test('a refused delivery is sent once when it is replayed, and the other one not again', async () => {
        const event = someTransfer();
        await bench.world.behave({ rejects: bench.addressOf(event, 'payee') });
        await bench.publish(event);
        await waitFor(async () => (await bench.deadLettersOf(event)).length === 1, SETTLED);
        await bench.world.behave('well');
        const before = bench.handled();
        expect(await bench.replay(event)).toMatchObject({ matched: 1, replayed: 1 });
        await waitFor(allSent(event), SETTLED);
        await waitFor(() => Promise.resolve(bench.handled() > before), ACKNOWLEDGED);
        expect(await bench.replay(event)).toMatchObject({ matched: 0, replayed: 0 });
        expect(await toldOf(event)).toEqual(bothOnce(event));
      });

      test('an answer that never comes loses nothing, and doubles nothing where the provider can be asked', async () => {
        await bench.world.behave('hangs');
        const event = someTransfer();
        await bench.publish(event);
        await waitFor(
          async () => (await bench.deliveriesOf(event)).filter(({ uncertain }) => uncertain).length === 2,
          SETTLED,
        );
        await bench.world.behave('well');
        await waitFor(allSent(event), SETTLED);
        const times = bench.world.knowsReferences ? 1 : 2;
        expect(await toldOf(event)).toEqual({
          [bench.addressOf(event, 'payer')]: times,
          [bench.addressOf(event, 'payee')]: times,
        });
      });
    });
  });
}
