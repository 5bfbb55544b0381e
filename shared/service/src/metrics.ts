import { Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import type { Health } from './health.ts';

/**
 * How often the event loop's delay is sampled: at rest `nodejs_eventloop_lag_*` shows this, and of shorter stops only
 * some are seen (those of garbage collection are in `nodejs_gc_duration_seconds`). prom-client's 10 ms would wake each
 * idle process a hundred times a second.
 */
const LOOP_DELAY_EVERY_MS = 100;

/** A registry of its own, with the process's default metrics, whose every series carries `service`. */
export function createMetrics(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_DELAY_EVERY_MS });
  return registry;
}

/** Shows each check of `/readyz`, also those that do not decide whether the service is ready. */
export function registerHealthMetrics(registry: Registry, health: Pick<Health, 'ready'>): void {
  const gauge: Gauge = new Gauge({
    name: 'payfan_check_passed',
    help: '1 if this check of the readiness probe passes now, else 0. Take the minimum over copies',
    labelNames: ['check'],
    registers: [registry],
    async collect() {
      const { checks } = await health.ready();
      gauge.reset();
      for (const [check, outcome] of Object.entries(checks)) gauge.set({ check }, outcome === 'ok' ? 1 : 0);
    },
  });
}
