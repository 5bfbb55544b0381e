import { randomUUID } from 'node:crypto';
import {
  CLOUDEVENTS_JSON,
  PAYMENTS_EXCHANGE,
  channelTopology,
  paymentRoutingKey,
  type Lane,
  type Party,
  type PaymentEvent,
  type TransferCompleted,
} from '@payfan/contracts';
import { openDatabase, type Database } from '@payfan/database';
import { openBroker, type Broker } from '@payfan/messaging';
import { createLogger, createMetrics, newTraceparent, type Part } from '@payfan/service';
import { freshDatabase, freshVhost, waitFor } from '@payfan/stack/testing';
import { createChannel, type ChannelOptions } from './channel.ts';
import { channelMetrics } from './metrics.ts';
import type { ChannelDefinition } from './provider.ts';

/** An alert as the person received it. */
export interface Arrived {
  /** Where it went: in the form of the channel's `address`. */
  to: string;
  /** All that the person reads. */
  text: string;
}

/** The world beyond the channel's provider, as the suite sees and steers it. */
export interface World {
  /** Everything that arrived, a message that arrived twice being there twice. */
  arrived(): Promise<Arrived[]>;
  /**
   * From now on: all is `well`; messages `fail` for the moment; are accepted but the answer `hangs`; or are
   * refused for good to one address. Never called where the provider is our own.
   */
  behave(how: 'well' | 'fails' | 'hangs' | { rejects: string }): Promise<void>;
  /** Whether the provider can be asked about a reference, so that not even an unknown outcome doubles. */
  knowsReferences: boolean;
  close(): Promise<void>;
}

export interface ChannelSubject<Message> {
  /** The channel's name, which is also that of its schema. */
  name: string;
  /** Whether messages leave the company, for a world that can fail, hang and refuse. */
  provider: 'outside' | 'ours';
  openWorld(around: {
    database: Database;
  }): Promise<{ definition: ChannelDefinition<Message>; world: World }>;
}

/** Shorter than anybody would set it, so that an answer that never comes is missed soon. */
const SEND_TIMEOUT_MS = 700;
const ACKNOWLEDGED = { what: 'the messages being acknowledged', timeoutMs: 10_000 };
const SETTLED = { what: 'everybody being told', timeoutMs: 25_000 };

/** The tests that every channel passes, on a real database and broker. Call it at the top of a test file. */
export function channelContract<Message>(subject: ChannelSubject<Message>): void {
  const { name } = subject;
  let bench: Awaited<ReturnType<typeof setUp>>;

  beforeAll(async () => {
    bench = await setUp(subject);
  });
  afterAll(async () => {
    await bench.close();
  });

  /** How often each address was told of this event; the transfer's id is in every text. */
  async function toldOf({ data }: TransferCompleted): Promise<Record<string, number>> {
    const told: Record<string, number> = {};
    for (const { to, text } of await bench.world.arrived()) {
      if (text.includes(data.transferId.slice(-12))) told[to] = (told[to] ?? 0) + 1;
    }
    return told;
  }

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
        expect(text).toContain('lunch');
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

    test('a message that is no event we know becomes a dead letter, and the next one is told', async () => {
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

      test('what is refused becomes a dead letter at once, and the other one is told once', async () => {
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

interface SeenDelivery {
  role: string;
  status: string;
  attempts: number;
  error: string | null;
  reference: string | null;
  uncertain: boolean;
}

interface SeenLetter {
  role: string | null;
  reason: string;
  error: string;
  attempts: number;
  body: Buffer;
}

/** A database, a broker, a world, and the channel between them. */
async function setUp<Message>(subject: ChannelSubject<Message>) {
  const { name } = subject;
  const [fresh, vhost] = await Promise.all([freshDatabase(), freshVhost()]);
  const logger = createLogger({ service: name, level: 'silent' });
  const database = openDatabase({ url: fresh.urlFor(name), name });
  const broker = openBroker({
    urls: [vhost.amqpUrl],
    name: `${name} contract`,
    log: logger,
    topology: channelTopology(name),
  });
  await broker.start();
  await waitFor(() => broker.ping(), { what: 'the broker', timeoutMs: 20_000 });
  const { definition, world } = await subject.openWorld({ database });

  let handled = 0;
  const counting: ChannelOptions<Message>['broker'] = {
    publish: (message) => broker.publish(message),
    consume: ({ handler, ...options }) =>
      broker.consume({
        ...options,
        async handler(message) {
          await handler(message);
          handled += 1;
        },
      }),
  };
  const openChannel = (): Part => {
    const options: ChannelOptions<Message> = {
      definition,
      database,
      broker: counting,
      logger,
      metrics: channelMetrics(createMetrics(name)),
      claimantId: randomUUID(),
      prefetch: 10,
      sendTimeoutMs: SEND_TIMEOUT_MS,
      random: Math.random,
    };
    return createChannel(options);
  };

  const bench = {
    name,
    world,
    channel: openChannel(),
    openChannel,
    addressOf: (event: PaymentEvent, role: 'payer' | 'payee') =>
      definition.address({ role, party: event.data[role] }),
    publish: (event: TransferCompleted) =>
      publish(broker, paymentRoutingKey(event), Buffer.from(JSON.stringify(event))),
    publishRaw: (body: Buffer) => publish(broker, 'transfer.completed.interactive', body),
    /** Messages acknowledged so far. */
    handled: () => handled,
    deliveriesOf: (...events: TransferCompleted[]) =>
      database.query<SeenDelivery>({
        text: `select role, status, attempts, error, reference, uncertain from deliveries
               where event_id = any($1::uuid[]) order by role desc`,
        values: [events.map(({ id }) => id)],
      }),
    deadLetters: (reason: string) =>
      database.query<SeenLetter>({
        text: 'select role, reason, error, attempts, body from dead_letters where reason = $1',
        values: [reason],
      }),
    deadLettersOf: (event: TransferCompleted) =>
      database.query<SeenLetter>({
        text: 'select role, reason, error, attempts, body from dead_letters where event_id = $1',
        values: [event.id],
      }),
    /** As a process leaves it that dies between its claim and its outcome, some time ago. */
    async leaveOpen(event: TransferCompleted) {
      for (const role of ['payer', 'payee'] as const) {
        await database.query({
          text: `insert into deliveries (event_id, role, transfer_id, account_id, recipient, committed_at, status,
                                         attempts, claimed_by, claimed_until)
                 values ($1, $2, $3, $4, $5, now(), 'sending', 1, $6, now() - interval '1 second')`,
          values: [
            event.id,
            role,
            event.data.transferId,
            event.data[role].accountId,
            bench.addressOf(event, role),
            randomUUID(),
          ],
        });
      }
    },
    async close() {
      await bench.channel.stop();
      await broker.stop();
      await world.close();
      await database.stop();
      await Promise.all([fresh.drop(), vhost.remove()]);
    },
  };
  await bench.channel.start();
  return bench;
}

function publish(broker: Broker, routingKey: string, body: Buffer): Promise<void> {
  return broker.publish({
    exchange: PAYMENTS_EXCHANGE,
    routingKey,
    messageId: randomUUID(),
    contentType: CLOUDEVENTS_JSON,
    body,
  });
}

interface Whims {
  lane?: Lane;
  amount?: number;
  note?: string;
  payerName?: string;
  payeeName?: string;
}

/** A transfer between two people whom nobody has seen before. */
export function someTransfer(whims: Whims = {}): TransferCompleted {
  const { lane = 'interactive', amount = 10_000, note = '', payerName, payeeName } = whims;
  const transferId = randomUUID();
  const createdAt = new Date().toISOString();
  return {
    specversion: '1.0',
    id: randomUUID(),
    source: '/payfan/contract',
    type: 'payfan.transfer.completed.v1',
    subject: transferId,
    time: createdAt,
    datacontenttype: 'application/json',
    traceparent: newTraceparent(),
    correlationid: randomUUID(),
    lane,
    data: {
      transferId,
      amount,
      currency: 'INR',
      note,
      createdAt,
      payer: someParty(payerName ?? 'Asha Rao'),
      payee: someParty(payeeName ?? 'Ravi Kumar'),
    },
  };
}

function someParty(name: string): Party {
  const digits = String(Math.floor(Math.random() * 1e8)).padStart(8, '0');
  return {
    accountId: randomUUID(),
    name,
    phone: `+9198${digits}`,
    email: `person-${randomUUID()}@example.com`,
    language: 'en',
  };
}
