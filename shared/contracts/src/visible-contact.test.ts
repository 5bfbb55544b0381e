import { visibleContact, type Viewer } from './visible-contact.ts';

const payer = { accountId: 'payer', role: 'payer' } as const;
const payee = { accountId: 'payee', role: 'payee' } as const;
const everything: Viewer = { kind: 'all' };
const viewers = {
  payer: { kind: 'account', accountId: 'payer' },
  payee: { kind: 'account', accountId: 'payee' },
  operator: everything,
} satisfies Record<string, Viewer>;

const PHONE = '+917010233311';
const EMAIL = 'ravi@example.com';
const ID = '01940000-0000-7000-8000-000000000001';

test.each<[contact: string, owner: typeof payer | typeof payee, viewer: keyof typeof viewers, shown: string]>(
  [
    [PHONE, payer, 'payer', PHONE],
    [PHONE, payer, 'payee', '+91******3311'],
    [PHONE, payer, 'operator', PHONE],
    [PHONE, payee, 'payer', PHONE],
    [PHONE, payee, 'payee', PHONE],
    [PHONE, payee, 'operator', PHONE],
    [EMAIL, payer, 'payer', EMAIL],
    [EMAIL, payer, 'payee', 'r***@example.com'],
    [EMAIL, payer, 'operator', EMAIL],
    [EMAIL, payee, 'payer', 'r***@example.com'],
    [EMAIL, payee, 'payee', EMAIL],
    [EMAIL, payee, 'operator', EMAIL],
    [ID, payer, 'payee', '01940000…'],
    [ID, payee, 'payer', '01940000…'],
  ],
)('%s of the %p, seen by the %s, is %s', (contact, owner, viewer, shown) => {
  expect(visibleContact(contact, owner, viewers[viewer])).toBe(shown);
});

test.each([
  ['+4915123456789', '+*********6789'],
  ['+1234567', '+***4567'],
])('of a number from another country only the last four digits are seen: %s is %s', (contact, shown) => {
  expect(visibleContact(contact, payer, viewers.payee)).toBe(shown);
});
