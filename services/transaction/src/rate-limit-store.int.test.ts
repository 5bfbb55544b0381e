import { openDatabase, type Database } from '@payfan/database';
import { freshDatabase, type FreshDatabase } from '@payfan/stack/testing';
import fc from 'fast-check';
import type { Limit } from './limits.ts';
import { takeFromLimits, type Take } from './rate-limit-store.ts';

let fresh: FreshDatabase;
let database: Database;
let admin: Database;
beforeAll(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ url: fresh.urlFor('transaction'), name: 'test', max: 8 });
  admin = openDatabase({ url: fresh.adminUrl, name: 'admin', max: 1 });
});
afterAll(async () => {
  await Promise.all([database.stop(), admin.stop()]);
  await fresh.drop();
});
beforeEach(() => admin.query({ text: 'truncate transaction.rate_limits' }));

const limitOf = (fields: Partial<Limit> = {}): Limit => ({
  ...{ name: 'test', count: 3, seconds: 60, burst: 3, detail: '' },
  ...fields,
});
const START_MS = Date.parse('2026-01-01T00:00:00Z');

/** Buckets that fill as time goes by, as anyone would write them first. */
class Buckets {
  readonly #levels = new Map<string, { units: number; atMs: number }>();

  take(units: readonly Take[], atMs: number): boolean {
    const found = units.map(({ limit, subject }) => {
      const bucket = `${limit.name} ${subject}`;
      const { units, atMs: beforeMs } = this.#levels.get(bucket) ?? { units: limit.burst, atMs };
      const unitsPerSecond = limit.count / limit.seconds;
      const regained = ((atMs - beforeMs) / 1_000) * unitsPerSecond;
      // Sums of fractions are not exact, here as there: what is regained within a millisecond counts already.
      const least = 1 - 0.001 * unitsPerSecond;
      return { bucket, level: Math.min(limit.burst, units + regained), least };
    });
    const isAllowed = found.every(({ level, least }) => level > least);
    for (const { bucket, level } of found) {
      this.#levels.set(bucket, { units: isAllowed ? level - 1 : level, atMs });
    }
    return isAllowed;
  }
}

test('decides as buckets that fill as time goes by, whether requests come in one call or in several', async () => {
  const limits = [limitOf(), limitOf({ name: 'other', count: 2, seconds: 3_600, burst: 4 })];
  const request = fc.record({
    units: fc.subarray([0, 1], { minLength: 1 }),
    subject: fc.constantFrom('a', 'b'),
  });
  const calls = fc.array(
    fc.record({ afterSeconds: fc.nat(900), requests: fc.array(request, { minLength: 1, maxLength: 6 }) }),
    { maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(calls, async (made) => {
      await admin.query({ text: 'truncate transaction.rate_limits' });
      const buckets = new Buckets();
      let atMs = START_MS;
      for (const { afterSeconds, requests } of made) {
        atMs += afterSeconds * 1_000;
        const takes = requests.map(({ units, subject }) =>
          units.map((unit): Take => ({ limit: limits[unit]!, subject })),
        );
        const refusals = await takeFromLimits(database, takes, new Date(atMs));
        expect(refusals.map((refusal) => refusal === undefined)).toEqual(
          takes.map((units) => buckets.take(units, atMs)),
        );
      }
    }),
    { numRuns: 60 },
  );
});

test('what it says to wait is enough, and not a second too long', async () => {
  const takes: Take[] = [{ limit: limitOf(), subject: 'a' }];
  const at = (seconds: number) => new Date(START_MS + seconds * 1_000);
  await takeFromLimits(database, [takes, takes, takes], at(0));
  const [refusal] = await takeFromLimits(database, [takes], at(5));
  expect(refusal?.waitSeconds).toBeCloseTo(15, 3);
  expect(await takeFromLimits(database, [takes], at(19))).not.toEqual([undefined]);
  expect(await takeFromLimits(database, [takes], at(20))).toEqual([undefined]);
});

test('many at once, in any order of their buckets, take no unit twice and never deadlock', async () => {
  const limit = limitOf({ count: 100, burst: 100, seconds: 3_600 });
  const subjects = ['a', 'b', 'c', 'd', 'e'];
  const calls = Array.from({ length: 300 }, (_, n) => {
    const own = [subjects[n % 5]!, subjects[(n * 3 + 1) % 5]!];
    return takeFromLimits(
      database,
      [[...new Set(own)].map((subject) => ({ limit, subject }))],
      new Date(START_MS),
    );
  });
  const allowed = (await Promise.all(calls)).flatMap(([refusal], n) => (refusal === undefined ? [n] : []));
  const taken = new Map(subjects.map((subject) => [subject, 0]));
  for (const n of allowed) {
    for (const subject of new Set([subjects[n % 5]!, subjects[(n * 3 + 1) % 5]!])) {
      taken.set(subject, taken.get(subject)! + 1);
    }
  }
  expect(Math.max(...taken.values())).toBe(100);
});

test('without a time given the clock of the database counts', async () => {
  const takes: Take[] = [{ limit: limitOf({ count: 1, burst: 1, seconds: 3_600 }), subject: 'a' }];
  expect(await takeFromLimits(database, [takes, takes], null)).toEqual([
    undefined,
    expect.objectContaining({ limit: takes[0]!.limit }),
  ]);
  await admin.query({ text: `update transaction.rate_limits set full_at = full_at - interval '1 hour'` });
  expect(await takeFromLimits(database, [takes], null)).toEqual([undefined]);
});
