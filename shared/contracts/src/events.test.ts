import fc from 'fast-check';
import {
  parsePaymentEvent,
  paymentRoutingKey,
  type PaymentEvent,
  type PayoutCompleted,
  type TransferCompleted,
} from './events.ts';

const party = (name: string) => ({
  accountId: '018f0000-0000-7000-8000-000000000001',
  name,
  phone: '+917010233310',
  email: `${name.toLowerCase()}@example.com`,
  language: 'en',
});
const completed: TransferCompleted = {
  specversion: '1.0',
  id: '018f0000-0000-7000-8000-00000000000a',
  source: '/transaction',
  time: '2026-01-02T03:04:05.678Z',
  datacontenttype: 'application/json',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  correlationid: 'lunch-1',
  lane: 'interactive',
  type: 'payfan.transfer.completed.v1',
  subject: '018f0000-0000-7000-8000-00000000000b',
  data: {
    transferId: '018f0000-0000-7000-8000-00000000000b',
    amount: 10_000,
    currency: 'INR',
    note: 'lunch 🍛',
    createdAt: '2026-01-02T03:04:05.678Z',
    payer: party('Asha'),
    payee: party('Ravi'),
  },
};
const payoutId = '018f0000-0000-7000-8000-00000000000c';
const payout: PayoutCompleted = {
  ...completed,
  type: 'payfan.payout.completed.v1',
  subject: payoutId,
  data: {
    payoutId,
    lane: 'free',
    total: 3,
    succeeded: 2,
    failed: 1,
    cancelled: 0,
    amount: 20_000,
    currency: 'INR',
    createdAt: '2026-01-02T03:04:05.678Z',
    completedAt: '2026-01-02T03:05:05.678Z',
    owner: party('Asha'),
  },
};
const parse = (body: unknown) => parsePaymentEvent(Buffer.from(JSON.stringify(body)));
const reasonOf = (result: ReturnType<typeof parsePaymentEvent>) => (result.ok ? undefined : result.reason);

test.each<[what: string, event: PaymentEvent]>([
  ['a transfer', completed],
  ['a transfer of a payout', { ...completed, lane: 'bulk', data: { ...completed.data, payoutId } }],
  ['a payout', payout],
  [
    'a payout of which nothing succeeded',
    { ...payout, data: { ...payout.data, succeeded: 0, failed: 3, amount: 0 } },
  ],
])('%s is read as it was written', (_, event) => {
  expect(parse(event)).toEqual({ ok: true, event });
});

test('what a newer publisher adds to an event that we know is passed over', () => {
  expect(parse({ ...completed, tenant: 'x', data: { ...completed.data, fee: 5 } })).toEqual({
    ok: true,
    event: completed,
  });
});

test.each(['interactive', 'bulk'] as const)(
  'the routing key of an event on lane %s ends in its lane',
  (lane) => {
    expect(paymentRoutingKey({ ...completed, lane })).toBe(`transfer.completed.${lane}`);
  },
);

test('an event of a payout from before its cancelled items were counted has none', () => {
  const { cancelled: _, ...before } = payout.data;
  expect(parse({ ...payout, data: before })).toMatchObject({ ok: true, event: payout });
});

test('the routing key of a payout says so', () => {
  expect(paymentRoutingKey(payout)).toBe('payout.completed.interactive');
});

describe('is malformed, and no JSON:', () => {
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('transfer completed')],
    ['an event cut short', Buffer.from(JSON.stringify(completed)).subarray(0, 200)],
    ['UTF-8 cut within a character', Buffer.from('"₹"').subarray(0, 3)],
    [
      'an event with a byte that is no UTF-8',
      Buffer.from(JSON.stringify(completed).replace('🍛', '\u00ff'), 'latin1'),
    ],
    ['UTF-16', Buffer.from(JSON.stringify(completed), 'utf16le')],
    ['a million open brackets', Buffer.from('['.repeat(1_000_000))],
  ])('%s', (_, body) => {
    expect(parsePaymentEvent(body)).toEqual({ ok: false, reason: 'malformed: the body is not JSON' });
  });
});

describe('is malformed, and no CloudEvent 1.0:', () => {
  test.each([
    ['null', null],
    ['a number', 5],
    ['an array', [completed]],
    ['an empty object', {}],
    ['an event without a type', { ...completed, type: undefined }],
    ['a type that is no string', { ...completed, type: 5 }],
    ['CloudEvents 0.3', { ...completed, specversion: '0.3' }],
    ['CloudEvents 2.0', { ...completed, specversion: '2.0' }],
    ['a version that is a number', { ...completed, specversion: 1 }],
  ])('%s', (_, body) => {
    expect(reasonOf(parse(body))).toBe('malformed: the body is not a CloudEvent 1.0');
  });
});

describe('is of an unknown type, and not malformed:', () => {
  test.each([
    'payfan.transfer.completed.v2',
    'payfan.transfer.reversed.v1',
    'com.example.order',
    '__proto__',
    'constructor',
    '',
  ])('%j', (type) => {
    expect(reasonOf(parse({ ...completed, type, data: { entirely: 'different' } }))).toBe(
      `unknown type: ${type}`,
    );
  });

  test('a reason is short and printable, whatever the type is', () => {
    const reason = reasonOf(parse({ ...completed, type: `a\u0000\r\n\u202e\ud800${'x'.repeat(10_000)}` }));
    expect(reason).toMatch(/^unknown type: [\x20-\x7e]{1,100}$/);
  });
});

describe('is malformed, and the reason names the field:', () => {
  const { data } = completed;
  test.each<[field: string, body: object]>([
    ['id', { ...completed, id: 'five' }],
    ['id', { ...completed, id: undefined }],
    ['source', { ...completed, source: '' }],
    ['time', { ...completed, time: 'yesterday' }],
    ['traceparent', { ...completed, traceparent: 'none' }],
    ['correlationid', { ...completed, correlationid: 'x'.repeat(65) }],
    ['lane', { ...completed, lane: 'fast' }],
    ['datacontenttype', { ...completed, datacontenttype: 'text/plain' }],
    ['subject', { ...completed, subject: 'x' }],
    ['data', { ...completed, data: undefined }],
    ['data', { ...completed, data: 'x' }],
    ['data.amount', { ...completed, data: { ...data, amount: '10000' } }],
    ['data.amount', { ...completed, data: { ...data, amount: 0 } }],
    ['data.amount', { ...completed, data: { ...data, amount: 1.5 } }],
    ['data.amount', { ...completed, data: { ...data, amount: 2 ** 53 } }],
    ['data.currency', { ...completed, data: { ...data, currency: 'USD' } }],
    ['data.payee', { ...completed, data: { ...data, payee: undefined } }],
    ['data.payer.phone', { ...completed, data: { ...data, payer: { ...data.payer, phone: undefined } } }],
    ['data.payoutId', { ...completed, data: { ...data, payoutId: 7 } }],
    ['data.payoutId', { ...payout, data: { ...payout.data, payoutId: undefined } }],
    ['data.lane', { ...payout, data: { ...payout.data, lane: 'bulk' } }],
    ['data.total', { ...payout, data: { ...payout.data, total: 0 } }],
    ['data.failed', { ...payout, data: { ...payout.data, failed: -1 } }],
    ['data.cancelled', { ...payout, data: { ...payout.data, cancelled: -1 } }],
    ['data.amount', { ...payout, data: { ...payout.data, amount: 0.5 } }],
    ['data.owner', { ...payout, data: { ...payout.data, owner: undefined } }],
    // No database keeps these, and no retry would ever mend them.
    ['data.note', { ...completed, data: { ...data, note: 'a\u0000b' } }],
    ['data.payee.name', { ...completed, data: { ...data, payee: { ...data.payee, name: '\ud83d' } } }],
    ['correlationid', { ...completed, correlationid: 'a\u0000b' }],
  ])('%s', (field, body) => {
    expect(reasonOf(parse(body))).toMatch(new RegExp(`^malformed: ${field.replaceAll('.', '\\.')}: .+`));
  });
});

describe('for any body', () => {
  const aParty = fc.record({
    accountId: fc.uuid(),
    name: fc.string({ unit: 'grapheme' }),
    phone: fc.string(),
    email: fc.string(),
    language: fc.constantFrom('en', 'hi', 'ta'),
  });
  const instant = fc
    .date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
    .map((date) => date.toISOString());
  const envelope = {
    specversion: fc.constant('1.0'),
    id: fc.uuid(),
    source: fc.string({ minLength: 1 }),
    time: instant,
    datacontenttype: fc.constant('application/json'),
    traceparent: fc.constant(completed.traceparent),
    correlationid: fc.string({ minLength: 1, maxLength: 64 }),
    lane: fc.constantFrom('interactive', 'bulk'),
    subject: fc.uuid(),
  } as const;
  const transferData = {
    transferId: fc.uuid(),
    amount: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    currency: fc.constant('INR'),
    note: fc.string({ unit: 'grapheme' }),
    createdAt: instant,
    payoutId: fc.uuid(),
    payer: aParty,
    payee: aParty,
  } as const;
  const { payoutId: _, ...required } = transferData;
  const aTransfer: fc.Arbitrary<TransferCompleted> = fc.record({
    ...envelope,
    type: fc.constant('payfan.transfer.completed.v1'),
    data: fc.oneof(fc.record(required), fc.record(transferData)),
  });
  const aPayout: fc.Arbitrary<PayoutCompleted> = fc.record({
    ...envelope,
    type: fc.constant('payfan.payout.completed.v1'),
    data: fc.record({
      payoutId: fc.uuid(),
      lane: fc.constantFrom('premium', 'free'),
      total: fc.integer({ min: 1, max: 100_000 }),
      succeeded: fc.nat(),
      failed: fc.nat(),
      cancelled: fc.nat(),
      amount: fc.maxSafeNat(),
      currency: fc.constant('INR'),
      createdAt: instant,
      completedAt: instant,
      owner: aParty,
    }),
  });
  const anEvent: fc.Arbitrary<PaymentEvent> = fc.oneof(aTransfer, aPayout);

  test('valid events are read back as they were written', () => {
    fc.assert(
      fc.property(anEvent, (event) => {
        expect(parse(event)).toEqual({ ok: true, event });
      }),
    );
  });

  test('bytes are never an exception, and the reason can be stored', () => {
    const mangled = fc
      .tuple(anEvent, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 8 }))
      .map(([event, at, bytes]) => {
        const body = Buffer.from(JSON.stringify(event));
        return Buffer.concat([
          body.subarray(0, at % body.length),
          bytes,
          body.subarray((at % body.length) + 4),
        ]);
      });
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
      fc
        .json()
        .map((text) => Buffer.from(`{"specversion":"1.0","type":${JSON.stringify(text)},"data":${text}}`)),
      mangled,
    );
    fc.assert(
      fc.property(anything, (body) => {
        const result = parsePaymentEvent(body);
        expect(result.ok ? 'malformed: ' : result.reason).toMatch(
          /^(malformed|unknown type): [^\p{Cc}\p{Cs}]*$/u,
        );
      }),
      { numRuns: 2_000 },
    );
  });
});
