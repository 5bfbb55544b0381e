import { Registry, collectDefaultMetrics } from 'prom-client';

/** A registry of its own, with the process's default metrics, whose every series carries `service`. */
export function createMetrics(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}
