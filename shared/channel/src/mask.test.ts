import { maskAddress } from './mask.ts';

test.each([
  ['ravi@example.com', 'r***@example.com'],
  ['+917010233311', '+91******3311'],
  ['01940000-0000-7000-8000-000000000001', '01940000…'],
])('%s is shown as %s', (address, shown) => {
  expect(maskAddress(address)).toBe(shown);
});
