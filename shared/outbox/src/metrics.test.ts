import { Registry } from 'prom-client';
import { registerOutboxMetrics, type MeasuredOutbox } from './metrics.ts';

/** What the metrics read of an outbox. */
function outbox(state: MeasuredOutbox['state']): MeasuredOutbox {
  const counters = {
    published: 9,
    confirmed: 7,
    returned: 1,
    failed: 1,
    leaseLost: 0,
    swept: 2,
    takenOver: 0,
  };
  return { state, counters };
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
  expect(text).toContain('outbox_oldest_xmin_age -1\n');
  expect(text).toContain('outbox_events_total{what="published"} 9\n');
  expect(text).toContain('outbox_events_total{what="confirmed"} 7\n');
  expect(text).toContain('outbox_events_total{what="returned"} 1\n');
  // A counter counts on from where it was, however often it is looked at.
  expect(await registry.metrics()).toContain('outbox_events_total{what="confirmed"} 7\n');
});

test('a scrape asks the database once, and the next one asks again', async () => {
  const registry = new Registry();
  let asked = 0;
  registerOutboxMetrics(
    registry,
    outbox(() =>
      Promise.resolve({ waiting: ++asked, oldestAgeSeconds: asked / 2, oldestXminAge: 40, deadRows: 50 }),
    ),
  );
  const first = await registry.metrics();
  expect(first).toContain('outbox_waiting 1\n');
  expect(first).toContain('outbox_oldest_age_seconds 0.5\n');
  expect(first).toContain('outbox_oldest_xmin_age 40\n');
  expect(first).toContain('outbox_dead_rows 50\n');
  expect(await registry.metrics()).toContain('outbox_waiting 2\n');
});
