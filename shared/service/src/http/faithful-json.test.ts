import fc from 'fast-check';
import { Problem } from '../problem.ts';
import { assertFaithful } from './faithful-json.ts';

test.each([
  '{"amount":1,"amount":2}',
  '{"amount":1,"amount":1}',
  '{"amount":1, "\\u0061mount" : 2}',
  '{"items":[{"to":"x"},{"to":"x","note":"","to":"y"}]}',
  '{"a":{"b":1},"c":[{}],"a":2}',
  '{"__proto__":1,"__proto__":2}',
  '{"amount":100.99999999999999999999}',
  '{"amount":1.0099999999999999999999e2}',
  '{"amount":1009999999999999999999.9e-19}',
  '[0.99999999999999999999]',
  '-2.00000000000000000001',
  '1e-400',
])('%s is refused, because it would be read as something else', (text) => {
  // The text is valid JSON, so only its meaning is refused.
  JSON.parse(text);
  expect(() => assertFaithful(text)).toThrow(Problem);
});

test('the refusal names the key, and what a number would become', () => {
  expect(() => assertFaithful('{"to":1,"to":2}')).toThrow('The JSON holds the key "to" twice in one object.');
  expect(() => assertFaithful('{"amount":100.99999999999999999999}')).toThrow(/would be rounded to 101/);
});

test.each([
  '{"a":{"a":1},"b":[{"a":1},{"a":2}]}',
  '{"note":"\\"a\\":1,\\"a\\":2 {100.99999999999999999999}","x":"\\\\"}',
  '{"amount":100,"b":100.0,"c":1e2,"d":100.00000000000000000000,"e":1.5,"f":-0.0,"g":9007199254740991,"h":100e-2,"i":0e-9}',
  '{"pi":3.14159265358979323846264338327950288,"small":1e-7,"large":12345678901234567890}',
  '"just a text"',
  '{}',
])('%s is taken', (text) => {
  expect(() => assertFaithful(text)).not.toThrow();
});

test('what JSON.stringify writes is taken', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => assertFaithful(JSON.stringify(value, null, 1))));
});

test('the largest body with the most awkward text is read in one pass', () => {
  const text = JSON.stringify({ a: '\\"'.repeat(1_000_000) });
  expect(() => assertFaithful(`{"a":${text},"b":1${'0'.repeat(1_000_000)}.0}`)).not.toThrow();
});
