import { formatPhone, initialsOf } from './phone.ts';

test('Indian numbers are grouped, others stay as they are', () => {
  expect(['+917010233311', '+4915123456789', ''].map(formatPhone)).toEqual([
    '+91 70102 33311',
    '+4915123456789',
    '',
  ]);
});

test('initials are of the first and the last name', () => {
  expect(['Asha Rao', 'Meera', 'A. P. J. Abdul Kalam', '  ', '😀 Rao', 'émile zola'].map(initialsOf)).toEqual(
    [...['AR', 'M', 'AK', '', '😀R', 'ÉZ']],
  );
});
