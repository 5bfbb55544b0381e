import { accountTopic } from '@payfan/contracts';
import { waitFor } from '@payfan/stack/testing';
import { openPayoutWorld, RAVI, type PayoutWorld } from './payout-world.ts';
import { outside, type Transfer } from './people.ts';

const ASHA = { phone: '+917010233310', email: 'asha@example.com' };
const PAYEE = { phone: '+917010233311', email: 'ravi@example.com' };
const MASKED = { asha: ['+91******3310', 'a***@example.com'], ravi: ['r***@example.com'] };

let world: PayoutWorld;
let people: ReturnType<typeof outside>;
let single: Transfer;
let payoutId: string;
/** Of the transfers of the payout. */
let paidId: string;
/** Of all that happened to a viewer, by place. */
const seen: Record<string, Record<Place, string>> = {};
type Place = 'transfers' | 'entries' | 'deliveries' | 'feed' | 'live events' | 'payout results';

beforeAll(async () => {
  world = await openPayoutWorld();
  people = outside(world.payfan);
  single = (await people.pay(100)).body;
  payoutId = await world.send('demo_asha', [{ to: RAVI, note: 'salary' }]);
  await world.finished(payoutId);
  paidId = (await world.items(payoutId))[0]?.transferId ?? '';
  await people.everybodyTold(single.id);
  await world.until(
    'the payee of the payout being notified',
    async () => (await world.payeesTold('salary')) === 3,
  );
  // Meera looks first: looking ends with a transfer, which makes her a party.
  for (const key of ['demo_meera', 'demo_operator', 'demo_asha', 'demo_ravi'])
    seen[key] = await lookAround(key);
});
afterAll(() => world.stop());

/** What one viewer is answered in each place, as text; refusals included. */
async function lookAround(key: string): Promise<Record<Place, string>> {
  const read = async (service: string, ...paths: string[]) => {
    const answers = paths.map(async (path) => {
      const headers = { authorization: `Bearer ${key}` };
      return (await fetch(`${world.payfan.url(service)}${path}`, { headers })).text();
    });
    return (await Promise.all(answers)).join('\n');
  };
  const ids = [single.id, paidId];
  return {
    transfers: await read('transaction', '/v1/transfers', ...ids.map((id) => `/v1/transfers/${id}`)),
    entries: await read('transaction', '/v1/accounts/me/entries'),
    deliveries: await read('operations', ...ids.map((id) => `/v1/transfers/${id}/deliveries`)),
    feed: await read('gateway', '/v1/events?after=0'),
    'live events': await streamed(key),
    'payout results': await read(
      'payout',
      ...['', '/items', '/items?format=csv'].map((path) => `/v1/payouts/${payoutId}${path}`),
    ),
  };
}

/** The server-sent events of a viewer's own account, from the first to one that the viewer makes happen now. */
async function streamed(key: string): Promise<string> {
  const { body: account } = await people.call<{ id?: string }>(
    `${world.payfan.url('transaction')}/v1/accounts/me`,
    key,
  );
  if (account.id === undefined) return '';
  const leaving = new AbortController();
  const response = await fetch(`${world.payfan.url('gateway')}/v1/stream?topic=${accountTopic(account.id)}`, {
    headers: { authorization: `Bearer ${key}`, 'last-event-id': '0' },
    signal: leaving.signal,
  });
  let text = '';
  const reading = (async () => {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk as Uint8Array).toString();
  })().catch(() => undefined);
  const to = key === 'demo_meera' ? '7010233310' : '7010233312';
  const { body: last } = await people.pay(1, { from: key, to, note: 'last' });
  await waitFor(() => Promise.resolve(text.includes(last.id)), { what: 'the last event' });
  leaving.abort();
  await reading;
  return text;
}

/** The phone numbers and email addresses of Asha and Ravi in a text, whole or masked. */
function contactsIn(text: string): string[] {
  const found = text.match(/\+91[\d*]{10}|[\w*]+@example\.com/g) ?? [];
  return [...new Set(found)].filter((contact) => /331[01]$|^[ar]/.test(contact)).sort();
}
const contactsOf = (key: string) =>
  Object.fromEntries(Object.entries(seen[key] ?? {}).map(([place, text]) => [place, contactsIn(text)]));

test('a payer sees the phone number of the payee, whom the payer named, and no email of another account', () => {
  expect(contactsOf('demo_asha')).toEqual({
    transfers: [ASHA.phone, PAYEE.phone],
    entries: [PAYEE.phone],
    deliveries: [ASHA.phone, PAYEE.phone, ASHA.email, ...MASKED.ravi],
    feed: [],
    'live events': [],
    'payout results': [PAYEE.phone],
  });
});

test('a payee sees the name of the payer and the last four digits of the phone number', () => {
  expect(contactsOf('demo_ravi')).toEqual({
    transfers: [MASKED.asha[0], PAYEE.phone],
    entries: [MASKED.asha[0]],
    deliveries: [MASKED.asha[0], PAYEE.phone, MASKED.asha[1], PAYEE.email],
    feed: [],
    'live events': [],
    'payout results': [],
  });
  for (const place of ['entries', 'feed', 'live events'] as const) {
    expect(seen['demo_ravi']?.[place]).toContain('Asha Rao');
  }
});

test('another account sees nothing', () => {
  expect(Object.values(contactsOf('demo_meera')).flat()).toEqual([]);
});

test('an operator sees everything', () => {
  expect(contactsOf('demo_operator')).toMatchObject({
    transfers: [ASHA.phone, PAYEE.phone],
    deliveries: [ASHA.phone, PAYEE.phone, ASHA.email, PAYEE.email],
    'payout results': [PAYEE.phone],
  });
});
