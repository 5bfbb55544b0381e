import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { migrate } from '@payfan/database';
import { chooseTestInfrastructure, type TestChoice } from './choice.ts';
import { dockerAnswers } from './docker.ts';
import { images } from './images.ts';
import { throwAwayState } from './paths.ts';
import { freePort } from './ports.ts';
import { findPostgres } from './postgres-binaries.ts';
import { postgresUnit, postgresUrl } from './postgres.ts';
import { findRabbitmqServer, NoRabbitmq } from './rabbitmq-server.ts';
import { amqpUrl, managementUrl, rabbitmqUnit } from './rabbitmq.ts';
import type { Run } from './runs.ts';
import { ensureDatabase, withDatabase } from './sql-names.ts';
import { startUnit, stopUnit } from './unit.ts';

/** What tests share: one Postgres with a template database, one RabbitMQ. */
export interface TestInfrastructure {
  /** A role that may do everything, on the database `postgres`. */
  adminUrl: string;
  /** The database with every service's migrations, to be copied. */
  template: string;
  amqpUrl: string;
  managementUrl: string;
}

export interface StartedInfrastructure {
  infrastructure: TestInfrastructure;
  stop(): Promise<void>;
}

const TEMPLATE = 'payfan_template';

interface Server<Address> {
  address: Address;
  stop(): Promise<unknown>;
}
type Postgres = Server<{ adminUrl: string }>;
type Rabbitmq = Server<{ amqpUrl: string; managementUrl: string }>;

/** Looks at the machine and `PAYFAN_INFRA`. */
export async function decideTestInfrastructure(): Promise<TestChoice> {
  const insisted = process.env.PAYFAN_INFRA;
  return chooseTestInfrastructure(insisted, insisted === 'native' ? false : await dockerAnswers());
}

/** Starts both servers side by side and prepares the template database. Stops what it started if one fails. */
export async function startTestInfrastructure(choice: TestChoice, run: Run): Promise<StartedInfrastructure> {
  const { postgres, rabbitmq } = choice === 'docker' ? await dockerServers() : nativeServers(run);
  const settled = await Promise.allSettled([postgres.then(prepareTemplate), rabbitmq]);
  const stop = async () => {
    await Promise.all(
      [postgres, rabbitmq].map(async (server) => (await server.catch(() => undefined))?.stop()),
    );
  };
  const failure = settled.find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined) {
    await stop();
    throw failure.reason;
  }
  const [{ address }, broker] = await Promise.all([postgres, rabbitmq]);
  return { infrastructure: { ...address, ...broker.address, template: TEMPLATE }, stop };
}

async function prepareTemplate({ address }: Postgres): Promise<void> {
  await ensureDatabase(address.adminUrl, TEMPLATE);
  await migrate({ adminUrl: withDatabase(address.adminUrl, TEMPLATE) });
}

/** Our own processes, on free ports and throw-away data. */
function nativeServers(run: Run): { postgres: Promise<Postgres>; rabbitmq: Promise<Rabbitmq> } {
  const state = throwAwayState();
  run.throwAway(state);
  return { postgres: nativePostgres(state, run), rabbitmq: nativeRabbitmq(state, run) };
}

async function nativePostgres(state: string, run: Run): Promise<Postgres> {
  const options = { port: await freePort(), password: randomBytes(12).toString('hex') };
  const unit = postgresUnit({
    ...options,
    binaries: await findPostgres(),
    folder: path.join(state, 'postgres'),
    durable: false,
    logFile: path.join(state, 'logs/postgres.log'),
    runFolder: run.folder,
  });
  const running = await startUnit(unit);
  return { address: { adminUrl: postgresUrl(options) }, stop: () => stopUnit(unit, running) };
}

async function nativeRabbitmq(state: string, run: Run): Promise<Rabbitmq> {
  const script = findRabbitmqServer();
  if (script === undefined) throw new NoRabbitmq();
  const ports = {
    amqp: await freePort(),
    management: await freePort(),
    distribution: await freePort(),
    epmd: await freePort(),
  };
  const unit = rabbitmqUnit({
    script,
    folder: path.join(state, 'rabbitmq'),
    node: `payfan-${path.basename(state).slice(-6).toLowerCase()}@localhost`,
    ports,
    logFile: path.join(state, 'logs/rabbitmq.log'),
    runFolder: run.folder,
  });
  const running = await startUnit(unit);
  return {
    address: { amqpUrl: amqpUrl(ports.amqp), managementUrl: managementUrl(ports.management) },
    // Nothing of it is kept, so nothing needs to be put down in order.
    stop: async () => {
      running.kill();
      await stopUnit(unit, running);
    },
  };
}

/** Containers, by Testcontainers, whose Ryuk removes them even if we are killed. */
async function dockerServers(): Promise<{ postgres: Promise<Postgres>; rabbitmq: Promise<Rabbitmq> }> {
  // Loaded only here: they are large, and most runs don't need them.
  const [{ PostgreSqlContainer }, { RabbitMQContainer }] = await Promise.all([
    import('@testcontainers/postgresql'),
    import('@testcontainers/rabbitmq'),
  ]);
  const postgres = new PostgreSqlContainer(images.postgres)
    .withDatabase('postgres')
    .withCommand(['postgres', '-c', 'fsync=off', '-c', 'synchronous_commit=off', '-c', 'max_connections=300'])
    .start()
    .then((container) => ({
      address: { adminUrl: container.getConnectionUri() },
      stop: () => container.stop(),
    }));
  const rabbitmq = new RabbitMQContainer(images.rabbitmq).start().then((container) => {
    const at = `guest:guest@${container.getHost()}`;
    return {
      address: {
        amqpUrl: `amqp://${at}:${container.getMappedPort(5672)}`,
        managementUrl: `http://${at}:${container.getMappedPort(15672)}`,
      },
      stop: () => container.stop(),
    };
  });
  return { postgres, rabbitmq };
}
