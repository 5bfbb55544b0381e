import type { Service } from './services.ts';
import { variableOf } from '@payfan/contracts';

/** How many of a service there are to be: `{ gateway: 3 }`. One of each unless told. */
export type Copies = Readonly<Record<string, number>>;

/**
 * The table with further copies after their service, on ports of their own: `gateway`, `gateway-2`, `gateway-3`.
 * Everybody else knows the first alone; a client may choose any.
 */
export function withCopies(services: readonly Service[], copies: Copies): Service[] {
  return services.flatMap((service) => {
    const further = Array.from(
      { length: Math.max(0, (copies[service.name] ?? 1) - 1) },
      (_, index) => index + 2,
    );
    return [service, ...further.map((number) => copyOf(service, number))];
  });
}

function copyOf(service: Service, number: number): Service {
  const name = `${service.name}-${number}`;
  // No port is usual for a copy: it gets a free one.
  return {
    ...service,
    name,
    port: undefined,
    portVariable: variableOf(name, 'PORT'),
  };
}
