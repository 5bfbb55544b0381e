import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { startEpmd } from './epmd.ts';
import { freePort } from './ports.ts';
import { findPostgres } from './postgres-binaries.ts';
import { postgresUnit, postgresUrl } from './postgres.ts';
import { processIdentity } from './process-identity.ts';
import type { RunningProcess } from './process.ts';
import { findRabbitmqServer, NoRabbitmq } from './rabbitmq-server.ts';
import {
  amqpUrl,
  managementUrl,
  rabbitmqctl,
  rabbitmqUnit,
  type RabbitmqOptions,
  type RabbitmqTls,
} from './rabbitmq.ts';
import type { KeyPair } from './test-certificates.ts';
import { startUnit, stopUnit, type Unit } from './unit.ts';
import { lesserUser } from './users.ts';
import { waitFor } from './wait.ts';

/** A server as a process of its own, on free ports, to which anything may happen. */
export class NativeServer {
  readonly #unit: Unit;
  #running: RunningProcess;

  private constructor(unit: Unit, running: RunningProcess) {
    this.#unit = unit;
    this.#running = running;
  }

  /** Resolves when it is ready. */
  static async start(unit: Unit): Promise<NativeServer> {
    return new NativeServer(unit, await startUnit(unit));
  }

  get logFile(): string {
    return this.#unit.logFile;
  }

  /** Ends it and whatever it has started, as a power cut would. Resolves when all of that is gone. */
  async kill(): Promise<void> {
    if (this.#running.hasExited) return;
    // Frozen, it starts no further child behind our back.
    this.#running.signal('SIGSTOP');
    const children = childrenOf(this.#running.pid).map((pid) => ({ pid, identity: processIdentity(pid) }));
    this.#running.kill();
    // PostgreSQL's backends lead groups of their own.
    for (const { pid } of children) signalProcess(pid, 'SIGKILL');
    await this.#running.exited;
    const areGone = () =>
      children.every(({ pid, identity }) => identity === undefined || processIdentity(pid) !== identity);
    await waitFor(() => Promise.resolve(areGone()), {
      what: `the end of all processes of ${this.#unit.name}`,
      timeoutMs: 10_000,
      intervalMs: 5,
    });
  }

  /** Freezes it: its connections stay open, and nothing answers. */
  suspend(): void {
    this.#running.signal('SIGSTOP');
  }

  resume(): void {
    this.#running.signal('SIGCONT');
  }

  /** Starts it again on the same port and data, once it was killed. Resolves when it is ready. */
  async restart(): Promise<void> {
    this.#running = await startUnit(this.#unit);
  }

  /** Ends it for good; its data are thrown away, so it need not put them down in order. */
  async discard(): Promise<void> {
    await this.kill();
    await stopUnit(this.#unit, this.#running);
  }
}

export interface ServersOptions {
  /** Where they keep their data and logs. */
  state: string;
  /** The record of the run that they belong to. */
  runFolder: string;
  /** The certificate by which they take TLS too. */
  tls?: KeyPair;
}

export interface NativePostgres {
  readonly server: NativeServer;
  readonly adminUrl: string;
}

/** A PostgreSQL of a test's own; durable, if it is to survive its own death. */
export async function startPostgres({
  state,
  runFolder,
  durable,
  tls,
}: ServersOptions & { durable: boolean }): Promise<NativePostgres> {
  const access = { port: await freePort(), password: randomBytes(12).toString('hex') };
  const unit = postgresUnit({
    ...access,
    binaries: await findPostgres(),
    folder: path.join(state, 'postgres'),
    durable,
    ...(tls === undefined ? {} : { tls }),
    logFile: path.join(state, 'logs/postgres.log'),
    runFolder,
  });
  return { server: await NativeServer.start(unit), adminUrl: postgresUrl(access) };
}

/** A RabbitMQ node of a test's own. */
export interface RabbitmqNode {
  readonly server: NativeServer;
  /** `payfan-1a2b3c@localhost`. */
  readonly name: string;
  readonly amqpUrl: string;
  readonly managementUrl: string;
  /** Where it takes TLS, if it does. */
  readonly tlsPorts: RabbitmqTls['ports'] | undefined;
  /** Runs `rabbitmqctl` on it; answers what it printed. */
  control(...args: string[]): Promise<string>;
}

/** One broker, of one node or more. */
export type RabbitmqNodes = readonly [RabbitmqNode, ...RabbitmqNode[]];

/** A broker of one node, or a cluster of several. Resolves when all are ready. */
export async function startRabbitmq(
  { state, runFolder, tls }: ServersOptions,
  count = 1,
): Promise<RabbitmqNodes> {
  const script = findRabbitmqServer();
  if (script === undefined) throw new NoRabbitmq();
  const tag = path.basename(state).slice(-6).toLowerCase();
  const names = Array.from({ length: count }, (_, index) => `payfan-${tag}-${index + 1}@localhost`);
  const cluster = count === 1 ? undefined : { nodes: names, cookie: randomBytes(16).toString('hex') };
  const epmd = await freePort();
  const planned: RabbitmqOptions[] = [];
  for (const [index, node] of names.entries()) {
    planned.push({
      script,
      folder: path.join(state, `rabbitmq-${index + 1}`),
      node,
      ports: { amqp: await freePort(), management: await freePort(), distribution: await freePort(), epmd },
      ...(cluster === undefined ? {} : { cluster }),
      ...(tls === undefined
        ? {}
        : { tls: { ...tls, ports: { amqp: await freePort(), management: await freePort() } } }),
      logFile: path.join(state, `logs/rabbitmq-${index + 1}.log`),
      runFolder,
    });
  }
  if (cluster !== undefined) {
    const user = lesserUser('rabbitmq', 'nobody');
    await startEpmd({
      folder: state,
      port: epmd,
      user,
      logFile: path.join(state, 'logs/epmd.log'),
      runFolder,
    });
  }
  const nodes = await Promise.all(
    planned.map(async (plan) => ({
      server: await NativeServer.start(rabbitmqUnit(plan)),
      name: plan.node,
      amqpUrl: amqpUrl(plan.ports.amqp),
      managementUrl: managementUrl(plan.ports.management),
      tlsPorts: plan.tls?.ports,
      control: (...args: string[]) => rabbitmqctl(plan, ...args),
    })),
  );
  return nodes as [RabbitmqNode, ...RabbitmqNode[]];
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .map(Number)
      .filter(Boolean);
  } catch {
    return [];
  }
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended a moment ago.
  }
}
