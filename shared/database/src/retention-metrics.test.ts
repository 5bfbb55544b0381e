import { Registry } from 'prom-client';
import { registerRetentionMetrics } from './retention-metrics.ts';

test('shows what was removed and how sweeps ended, however often it is looked at', async () => {
  const registry = new Registry();
  const retention = { removed: { notes: 0 }, sweeps: { done: 2, busy: 1, failed: 0 } };
  registerRetentionMetrics(registry, retention);
  expect(await registry.metrics()).toContain('retention_rows_removed_total{table="notes"} 0\n');
  retention.removed.notes = 7;
  const text = await registry.metrics();
  expect(text).toContain('retention_rows_removed_total{table="notes"} 7\n');
  expect(text).toContain('retention_sweeps_total{outcome="done"} 2\n');
  expect(text).toContain('retention_sweeps_total{outcome="busy"} 1\n');
  expect(text).toContain('retention_sweeps_total{outcome="failed"} 0\n');
});
