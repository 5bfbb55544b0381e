import { initialsOf } from './initials.ts';

test('initials are of the first and the last name', () => {
  expect(['Asha Rao', 'Meera', 'A. P. J. Abdul Kalam', '  ', '😀 Rao', 'émile zola'].map(initialsOf)).toEqual(
    [...['AR', 'M', 'AK', '', '😀R', 'ÉZ']],
  );
});
