import type { Queryable } from '@payfan/database';
import type { Limit } from './limits.ts';

/** One unit of a limit, for whom or what it is counted: an account, a key, an address. */
export interface Take {
  limit: Limit;
  subject: string;
}

/** A unit of each of these limits that is switched on. */
export const takesOf = (...units: (readonly [limit: Limit | undefined, subject: string])[]): Take[] =>
  units.flatMap(([limit, subject]) => (limit === undefined ? [] : [{ limit, subject }]));

/** Why a request was refused, and when it may succeed. */
export interface Refusal {
  limit: Limit;
  waitSeconds: number;
}

/**
 * Takes the units of several requests, in their order: of each all of its units, or none if a limit refuses it. The
 * buckets are rows that all processes share (`take_from_rate_limits`).
 *
 * @param at the time that counts; null for the database's clock
 * @returns for each request undefined, or its refusal
 */
export async function takeFromLimits(
  db: Queryable,
  requests: readonly (readonly Take[])[],
  at: Date | null,
): Promise<(Refusal | undefined)[]> {
  const takes = requests.flatMap((units, request) => units.map((unit) => ({ ...unit, request })));
  const rows = await db.query<{ request: number; place: number; wait: number }>({
    name: 'rate-limits-take',
    text: `select refused_request as request, place, wait_seconds as wait
           from take_from_rate_limits($1, $2, $3, $4, $5)`,
    values: [
      takes.map(({ request }) => request),
      takes.map(({ limit, subject }) => `${limit.name} ${subject}`),
      takes.map(({ limit }) => limit.seconds / limit.count),
      takes.map(({ limit }) => limit.burst),
      at?.toISOString() ?? null,
    ],
  });
  const refusals: (Refusal | undefined)[] = requests.map(() => undefined);
  for (const { request, place, wait } of rows) {
    const limit = requests[request]?.[place - 1]?.limit;
    if (limit !== undefined) refusals[request] = { limit, waitSeconds: wait };
  }
  return refusals;
}
