import { formatPhone, formatTypedPhone } from './phone.ts';

test('Indian numbers are grouped, others stay as they are', () => {
  expect(['+917010233311', '+91******3311', '+4915123456789', ''].map(formatPhone)).toEqual([
    '+91 70102 33311',
    '+91 ***** *3311',
    '+4915123456789',
    '',
  ]);
});

test('what is typed is grouped alike, however it is written', () => {
  const same = [
    '7010233311',
    '70102 33311',
    '07010-233311',
    '917010233311',
    '+91 (70102) 33311',
    '७०१०२ ३३३११',
  ];
  expect(new Set(same.map(formatTypedPhone))).toEqual(new Set(['+91 70102 33311']));
  expect(['+49 151 234567', '+1 415 555 2671', '12345'].map(formatTypedPhone)).toEqual([
    ...['+49 151 234567', '+1 415 555 2671', '12345'],
  ]);
});
