import { readFileSync } from 'node:fs';
import { check } from './check.ts';
import { PATH } from './rendering.ts';

const text = readFileSync(PATH, 'utf8');

test('the document is valid, and says what the contracts say', async () => {
  expect(await check(text)).toEqual([]);
});

test('one that is stale is refused, with the command that rewrites it', async () => {
  const stale = text.replace('x-delivery-limit: 20', 'x-delivery-limit: 21');
  expect(await check(stale)).toEqual([expect.stringMatching(/^docs\/asyncapi\.yaml .*`npm run docs`/)]);
});

test.each([
  ['a message that is nowhere', `messages/FeedEvent'`, `messages/FeedItem'`],
  ['an exchange of a type that there is not', 'type: topic', 'type: tropic'],
  ['a schema of a type that there is not', 'type: integer', 'type: whole'],
  ['an address whose word is not explained', `address: s.{shard}`, `address: s.{part}`],
  ['an example that is not of its schema', 'amount: 10000', `amount: '10000'`],
])('a document with %s is refused', async (_, part, broken) => {
  expect(text).toContain(part);
  const problems = await check(text.replace(part, broken));
  expect(problems.filter((problem) => /^docs\/asyncapi\.yaml: \S+/.test(problem))).not.toEqual([]);
});
