import { readFileSync } from 'node:fs';
import type { Database } from '@payfan/database';
import { openManagement, waitFor } from '@payfan/stack/testing';
import { readStat, TICKS_PER_SECOND } from './proc-stat.ts';
import { serviceBackends } from './service-backends.ts';
import type { Stage } from './stage.ts';

const PROGRAMS = ['transaction', 'push', 'phone', 'email', 'operations', 'sandbox'];

/** Processor time by now, in ticks. */
type Ticks = Map<string, number>;

/** Who uses the machine's processors, from one reading to the next. */
export class CpuMeter {
  readonly #stage: Stage;
  readonly #postmaster: number;
  readonly #rabbitmq: number;
  #begin: Ticks = new Map();
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
  }

  /** Processors used since `begin` by each, 1 being one that was busy all the time. */
  async coresUsed(): Promise<Map<string, number>> {
    const seconds = (performance.now() - this.#beganMs) / 1_000;
    const end = await this.#read();
    return new Map(
      [...end].map(([name, ticks]) => [
        name,
        (ticks - (this.#begin.get(name) ?? 0)) / TICKS_PER_SECOND / seconds,
      ]),
    );
  }

  async #read(): Promise<Ticks> {
    const { payfan, database } = this.#stage;
    const ticks: Ticks = new Map();
    for (const name of PROGRAMS) ticks.set(name, readStat(payfan.program(name).pid).ticks);
    ticks.set('the load', readStat(process.pid).ticks);
    ticks.set('rabbitmq', readStat(this.#rabbitmq).ticks);
    for (const [name, used] of await postgresTicks(database, this.#postmaster)) ticks.set(name, used);
    const ours = [...ticks.values()].reduce((sum, one) => sum + one, 0);
    ticks.set('others on this machine', machineTicks() - ours);
    return ticks;
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

/** What PostgreSQL's connections use for each service, and the rest of it: those that ended, its background work. */
async function postgresTicks(database: Database, postmaster: number): Promise<Ticks> {
  const backends = await serviceBackends(database);
  const services = new Map(backends.map(({ pid, service }) => [pid, service]));
  const ticks: Ticks = new Map();
  const add = (name: string, more: number) => ticks.set(name, (ticks.get(name) ?? 0) + more);
  add('postgres, itself', readStat(postmaster).ticks + readStat(postmaster).endedChildrenTicks);
  for (const pid of childrenOf(postmaster)) {
    const service = services.get(pid);
    add(service === undefined ? 'postgres, itself' : `postgres for ${service}`, readStat(pid).ticks);
  }
  return ticks;
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
