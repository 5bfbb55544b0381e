import { isSameOrigin, mayRead } from './same-origin.ts';

test.each([
  ['a page of ours, as the browser says', { 'sec-fetch-site': 'same-origin' }, true],
  ['a page of another port', { 'sec-fetch-site': 'same-site', origin: 'http://localhost:3000' }, false],
  ['another site', { 'sec-fetch-site': 'cross-site' }, false],
  ['an address that was typed', { 'sec-fetch-site': 'none' }, false],
  ['an older browser on our page', { origin: 'http://localhost:3000' }, true],
  ['an older browser on another page', { origin: 'http://localhost:3001' }, false],
  ['a page without an origin', { origin: 'null' }, false],
  ['no browser', {}, false],
])('%s', (_, headers, expected) => {
  expect(isSameOrigin(new Headers({ host: 'localhost:3000', ...headers }))).toBe(expected);
});

test.each([
  ['our page, as the browser says', { 'sec-fetch-site': 'same-origin' }, true],
  ['our page over plain http, of which the browser says nothing', {}, true],
  ['a page of another port', { 'sec-fetch-site': 'same-site' }, false],
  ['another site', { 'sec-fetch-site': 'cross-site' }, false],
  ['an address that was typed', { 'sec-fetch-site': 'none' }, false],
])('read by %s', (_, headers, expected) => {
  expect(mayRead(new Headers({ host: 'pay.example:3000', ...headers }))).toBe(expected);
});
