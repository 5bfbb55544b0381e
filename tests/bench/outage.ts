import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '@payfan/stack/testing';
import type { BenchOptions, Figure } from './figure.ts';
import { withStage } from './stage.ts';

const PER_SECOND = 200;
const WARM_UP_MS = 10_000;
const CHANNELS = ['push', 'phone', 'email', 'operations'];

/**
 * The broker dies under load, stays away, and comes back: transfers must go on, events must wait on disk and
 * not in memory, and the backlog must be gone soon after, while new transfers keep coming.
 */
export async function outage({ outageSeconds, say }: BenchOptions): Promise<Figure[]> {
  return withStage(async (stage) => {
    const { servers, payfan, database } = stage;
    const waiting = async () => {
      const [row] = await database.query<{ count: number }>({
        text: 'select count(*) as count from transaction.outbox',
      });
      return row?.count ?? Number.NaN;
    };
    await Promise.all(CHANNELS.map((name) => payfan.program(name).stop()));
    const { pid } = payfan.program('transaction');
    const load = stage.load(PER_SECOND);
    await delay(WARM_UP_MS);
    const [broker] = servers.rabbitmq;
    await broker.server.kill();
    const memory: number[] = [];
    for (const endMs = performance.now() + outageSeconds * 1_000; performance.now() < endMs;) {
      await delay(1_000);
      memory.push(residentMegabytes(pid));
      if (memory.length % 30 === 0) say(`  ${memory.length} s away, ${await waiting()} events wait`);
    }
    const backlog = await waiting();
    await broker.server.restart();
    const backMs = performance.now();
    // With the load still on there are always a few on their way.
    await waitFor(async () => (await waiting()) < PER_SECOND / 10, {
      what: 'the outbox being drained',
      timeoutMs: 600_000,
    });
    const drainSeconds = (performance.now() - backMs) / 1_000;
    const { refused } = await load.stop();
    const tenth = Math.max(1, Math.floor(memory.length / 10));
    return [
      { what: `events waiting after ${outageSeconds} s`, value: backlog, unit: 'events' },
      {
        what: 'drained after the return in',
        value: drainSeconds,
        unit: 's',
        // What we want of a minute's outage; a longer one leaves more.
        ...(outageSeconds <= 60 ? { atMost: 20 } : {}),
      },
      {
        what: 'transfers refused meanwhile',
        value: sum([...refused.values()]),
        unit: 'transfers',
        atMost: 0,
      },
      { what: 'memory (RSS), first tenth of the outage', value: mean(memory.slice(0, tenth)), unit: 'MB' },
      { what: 'memory (RSS), last tenth of the outage', value: mean(memory.slice(-tenth)), unit: 'MB' },
    ];
  });
}

/** https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
function residentMegabytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1_024;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]) => sum(values) / values.length;
