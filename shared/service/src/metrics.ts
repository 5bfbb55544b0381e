import { Registry, collectDefaultMetrics } from 'prom-client';

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
