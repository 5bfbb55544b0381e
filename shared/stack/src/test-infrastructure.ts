import { migrate } from '@payfan/database';
import { chooseTestInfrastructure, type TestChoice } from './choice.ts';
import { dockerAnswers } from './docker.ts';
import { images } from './images.ts';
import { startPostgres, startRabbitmq } from './native-servers.ts';
import { throwAwayState } from './paths.ts';
import type { Run } from './runs.ts';
import { servicesWithDatabase } from './services.ts';
import { ensureDatabase, testPassword, withDatabase } from './sql-names.ts';

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
  const settled = await Promise.allSettled([
    postgres.then(({ address }) => prepareTemplate(address.adminUrl)),
    rabbitmq,
  ]);
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

/** Makes the database that tests copy: every service's tables, and nothing in them. */
export async function prepareTemplate(adminUrl: string): Promise<string> {
  await ensureDatabase(adminUrl, TEMPLATE);
  const passwords = Object.fromEntries(servicesWithDatabase.map((name) => [name, testPassword(name)]));
  await migrate({ adminUrl: withDatabase(adminUrl, TEMPLATE), passwords });
  return TEMPLATE;
}

/** Our own processes, on free ports and throw-away data. */
function nativeServers(run: Run): { postgres: Promise<Postgres>; rabbitmq: Promise<Rabbitmq> } {
  const state = throwAwayState();
  run.throwAway(state);
  const options = { state, runFolder: run.folder };
  return {
    postgres: startPostgres({ ...options, durable: false }).then(({ server, adminUrl }) => ({
      address: { adminUrl },
      stop: () => server.discard(),
    })),
    rabbitmq: startRabbitmq(options).then(([node]) => ({
      address: { amqpUrl: node.amqpUrl, managementUrl: node.managementUrl },
      stop: () => node.server.discard(),
    })),
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
