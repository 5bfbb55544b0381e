import { createMetrics } from './metrics.ts';

test('every series says which service it is of', async () => {
  const text = await createMetrics('push').metrics();
  expect(text).toMatch(/process_cpu_seconds_total\{service="push"\} \d/);
});

test('each registry is its own', () => {
  expect(() => [createMetrics('push'), createMetrics('phone')]).not.toThrow();
});
