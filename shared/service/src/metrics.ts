import { Registry, collectDefaultMetrics } from 'prom-client';

/**
 * The event loop's delay is looked at so often. prom-client's 10 ms would wake each idle process a hundred times a
 * second; a stop that is felt is longer than this.
 */
const LOOP_DELAY_EVERY_MS = 100;

/** A registry of its own, with the process's default metrics, whose every series carries `service`. */
export function createMetrics(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_DELAY_EVERY_MS });
  return registry;
}
