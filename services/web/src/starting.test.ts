import { assertCaFileIsReadable } from './starting.ts';

test('a CA file that cannot be read is named', () => {
  assertCaFileIsReadable(undefined);
  assertCaFileIsReadable('');
  assertCaFileIsReadable(__filename);
  expect(() => assertCaFileIsReadable('/nowhere/ca.pem')).toThrow(
    'NODE_EXTRA_CA_CERTS must be a file of CA certificates in PEM, but "/nowhere/ca.pem" cannot be read.',
  );
});
