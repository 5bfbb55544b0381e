import { readFileSync } from 'node:fs';
import type { Database } from '@payfan/database';
import { openManagement, waitFor } from '@payfan/stack/testing';
import { readStat, TICKS_PER_SECOND } from './proc-stat.ts';
import { serviceBackends } from './service-backends.ts';
import type { Stage } from './stage.ts';

const PROGRAMS = ['transaction', 'push', 'phone', 'email', 'operations', 'sandbox'];

/** Processor time of each process by now, in ticks, and as whose it counts. */
type Readings = Map<number, { name: string; ticks: number }>;

const POSTGRES = 'postgres, itself';

/** Who uses the machine's processors, from one reading to the next. */
export class CpuMeter {
  readonly #stage: Stage;
  readonly #postmaster: number;
  readonly #rabbitmq: number;
  #begin: Readings = new Map();
  #beganTicks = 0;
  #beganMs = 0;

  private constructor(stage: Stage, postmaster: number, rabbitmq: number) {
    this.#stage = stage;
    this.#postmaster = postmaster;
    this.#rabbitmq = rabbitmq;
  }

  static async open(stage: Stage): Promise<CpuMeter> {
    const { payfan, database } = stage;
    const [backend] = await database.query<{ pid: number }>({ text: 'select pg_backend_pid() as pid' });
    return new CpuMeter(
      stage,
      readStat(backend?.pid ?? 0).parent,
      await brokerPid(payfan.vhost.managementUrl),
    );
  }

  async begin(): Promise<void> {
    this.#beganMs = performance.now();
    this.#begin = await this.#read();
    this.#beganTicks = machineTicks();
  }

  /** Processors used since `begin` by each, 1 being one that was busy all the time. */
  async coresUsed(): Promise<Map<string, number>> {
    const seconds = (performance.now() - this.#beganMs) / 1_000;
    const end = await this.#read();
    const used = new Map<string, number>();
    const add = (name: string, ticks: number) => used.set(name, (used.get(name) ?? 0) + ticks);
    for (const [pid, { name, ticks }] of end) add(name, ticks - (this.#begin.get(pid)?.ticks ?? 0));
    // The postmaster, which counts them once they have ended, counts all that they ever used.
    for (const [pid, { name, ticks }] of this.#begin) {
      if (!end.has(pid) && name.startsWith('postgres')) add(POSTGRES, -ticks);
    }
    const ours = [...used.values()].reduce((sum, one) => sum + one, 0);
    add('others on this machine', machineTicks() - this.#beganTicks - ours);
    return new Map([...used].map(([name, ticks]) => [name, ticks / TICKS_PER_SECOND / seconds]));
  }

  async #read(): Promise<Readings> {
    const { payfan, database } = this.#stage;
    const readings = await postgresReadings(database, this.#postmaster);
    const add = (pid: number, name: string) => readings.set(pid, { name, ticks: readStat(pid).ticks });
    for (const name of PROGRAMS) add(payfan.program(name).pid, name);
    add(process.pid, 'the load');
    add(this.#rabbitmq, 'rabbitmq');
    return readings;
  }
}

/** A node that has just started does not say so at once. */
async function brokerPid(managementUrl: string): Promise<number> {
  let pid = Number.NaN;
  await waitFor(
    async () => {
      const nodes = (await openManagement(managementUrl).get('nodes')) as { os_pid?: string }[];
      pid = Number(nodes[0]?.os_pid);
      return pid > 0;
    },
    { what: 'the broker saying which process it is', timeoutMs: 30_000 },
  );
  return pid;
}

/** Connections count as their service's; all else of PostgreSQL, and connections that have ended, as its own. */
async function postgresReadings(database: Database, postmaster: number): Promise<Readings> {
  const backends = await serviceBackends(database);
  const services = new Map(backends.map(({ pid, service }) => [pid, service]));
  const readings: Readings = new Map();
  for (const pid of childrenOf(postmaster)) {
    const service = services.get(pid);
    const name = service === undefined ? POSTGRES : `postgres for ${service}`;
    const { ticks } = readStat(pid);
    if (ticks > 0) readings.set(pid, { name, ticks });
  }
  // Last, so that it has counted what ended meanwhile.
  const { ticks, endedChildrenTicks } = readStat(postmaster);
  return readings.set(postmaster, { name: POSTGRES, ticks: ticks + endedChildrenTicks });
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

/** All processors' busy time: https://man7.org/linux/man-pages/man5/proc_stat.5.html */
function machineTicks(): number {
  const [total = ''] = readFileSync('/proc/stat', 'latin1').split('\n', 1);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = total
    .slice('cpu  '.length)
    .split(' ')
    .map(Number);
  return user + nice + system + irq + softirq + steal;
}
