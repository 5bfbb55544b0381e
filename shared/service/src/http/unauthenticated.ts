import { Counter, type Registry } from 'prom-client';

const NAME = 'payfan_unauthenticated_total';

/** Counts requests without a valid key or token; one counter for all listeners of a process. */
export function unauthenticatedCounter(registry: Registry): Counter {
  const existing = registry.getSingleMetric(NAME);
  if (existing instanceof Counter) return existing;
  return new Counter({
    name: NAME,
    help: 'Requests without a valid key or token; the log has a line with the address for each',
    registers: [registry],
  });
}
