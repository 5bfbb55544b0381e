import {
  openAdminDatabase,
  openManagement,
  waitFor,
  WAIT_TIMEOUT_MS,
  type Payfan,
  type Program,
} from '@payfan/stack/testing';
import type { Load } from './load.ts';

/** Waits until a condition holds. */
export function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = WAIT_TIMEOUT_MS,
): Promise<void> {
  return waitFor(async () => condition(), { what, timeoutMs, intervalMs: 100 });
}

/** Waits until so many more transfers were answered. */
export async function moreAnswers(load: Load, count = 20): Promise<void> {
  const before = load.answered.size;
  await until(`${count} further answers`, () => load.answered.size >= before + count);
}

/** What a query that counts answers, as a role that sees everything. */
export async function count(payfan: Payfan, sql: string): Promise<number> {
  const database = openAdminDatabase({ url: payfan.database.adminUrl, name: 'look', max: 1 });
  try {
    const [row] = await database.query<{ count: number }>({ text: sql });
    if (row === undefined) throw new Error(`no count came of ${sql}`);
    return row.count;
  } finally {
    await database.stop();
  }
}

/**
 * Waits until every event that is in the outbox now has left it. How many wait at once depends on the machine, so no
 * case may expect less than some number of them while transfers go on. It may take long: what was held leaves first.
 */
export async function eventsLeave(payfan: Payfan): Promise<void> {
  const nowSeconds = await count(payfan, 'select extract(epoch from clock_timestamp())::float8 as count');
  const older = `select count(*) from transaction.outbox where created_at < to_timestamp(${nowSeconds})`;
  const haveLeft = async () => (await count(payfan, older)) === 0;
  await until('every event of before leaving the outbox', haveLeft, 2 * WAIT_TIMEOUT_MS);
}

/** Waits until PostgreSQL has done all that the killed process of a service had asked for, and its sessions are over. */
export async function sessionsEnd(payfan: Payfan, service: string): Promise<void> {
  const left = `select count(*) from pg_stat_activity where datname = current_database() and usename = 'payfan_${service}'`;
  await until(`the sessions of ${service} ending`, async () => (await count(payfan, left)) === 0);
}

/** Messages in a queue, those in consumers' hands included, as of a moment ago. */
export async function depthOf({ vhost: { managementUrl, vhost } }: Payfan, queue: string): Promise<number> {
  const held = await openManagement(managementUrl).get(`queues/${vhost}/${queue}`);
  const { messages } = held as { messages?: number };
  if (messages === undefined) throw new Error(`the broker does not say how long ${queue} is`);
  return messages;
}

/** The value of the sample on a service's `/metrics` that has these labels; undefined if there is none. */
export async function metric(
  serviceUrl: string,
  name: string,
  labels: Record<string, string> = {},
): Promise<number | undefined> {
  const text = await (await fetch(`${serviceUrl}/metrics`)).text();
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const sample = text
    .split('\n')
    .find((line) => line.startsWith(`${name}{`) && wanted.every((label) => line.includes(label)));
  return sample === undefined ? undefined : Number(sample.slice(sample.lastIndexOf(' ')));
}

/** Whether a program that nobody should have ended still runs. */
export async function isRunning(program: Program): Promise<boolean> {
  return (await Promise.race([program.exited, Promise.resolve(undefined)])) === undefined;
}
