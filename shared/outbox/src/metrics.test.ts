import { Registry } from 'prom-client';
import { registerOutboxMetrics, type MeasuredOutbox } from './metrics.ts';

/** What the metrics read of an outbox. */
function outbox(waiting: MeasuredOutbox['waiting']): MeasuredOutbox {
  const counters = { confirmed: 7, failed: 1, leaseLost: 0, swept: 2, takenOver: 0 };
  return { waiting, counters };
}

test('a database that does not answer shows as -1, and the counters all the same', async () => {
  const registry = new Registry();
  registerOutboxMetrics(
    registry,
    outbox(() => Promise.reject(new Error('away'))),
  );
  const text = await registry.metrics();
  expect(text).toContain('outbox_waiting -1\n');
  expect(text).toContain('outbox_oldest_age_seconds -1\n');
  expect(text).toContain('outbox_events{what="confirmed"} 7\n');
});

test('a scrape asks the database once, and the next one asks again', async () => {
  const registry = new Registry();
  let asked = 0;
  registerOutboxMetrics(
    registry,
    outbox(() => Promise.resolve({ waiting: ++asked, oldestAgeSeconds: asked / 2 })),
  );
  expect(await registry.metrics()).toMatch(/oldest_age_seconds 0.5\n[^]*outbox_waiting 1\n/);
  expect(await registry.metrics()).toMatch(/oldest_age_seconds 1\n[^]*outbox_waiting 2\n/);
});
