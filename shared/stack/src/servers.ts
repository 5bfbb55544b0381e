import { testRunFolder } from './fresh.ts';
import { startPostgres, startRabbitmq, type NativeServer, type RabbitmqNodes } from './native-servers.ts';
import { throwAwayState } from './paths.ts';
import { recordThrowAway } from './runs.ts';
import type { KeyPair } from './test-certificates.ts';
import { prepareTemplate, type TestInfrastructure } from './test-infrastructure.ts';

/** A PostgreSQL and a RabbitMQ of a test's own, to be killed, frozen and started again. */
export interface Servers {
  /** Where they are, for `freshDatabase`, `freshVhost` and `startPayfan`. */
  readonly infrastructure: TestInfrastructure;
  readonly postgres: NativeServer;
  /** Its nodes; one unless more were asked for. */
  readonly rabbitmq: RabbitmqNodes;
  stop(): Promise<void>;
}

export interface ServersChoice {
  rabbitmqNodes?: number;
  /** The certificate by which both take TLS too. */
  tls?: KeyPair;
}

/** Starts both on this machine, whatever the other tests use, and resolves when they are ready. */
export async function startServers({ rabbitmqNodes = 1, tls }: ServersChoice = {}): Promise<Servers> {
  const runFolder = testRunFolder();
  const state = throwAwayState();
  recordThrowAway(runFolder, state);
  const options = { state, runFolder, ...(tls === undefined ? {} : { tls }) };
  const [postgres, rabbitmq] = await Promise.all([
    startPostgres({ ...options, durable: true }),
    startRabbitmq(options, rabbitmqNodes),
  ]);
  const servers = [postgres.server, ...rabbitmq.map(({ server }) => server)];
  return {
    infrastructure: {
      adminUrl: postgres.adminUrl,
      template: await prepareTemplate(postgres.adminUrl),
      amqpUrl: rabbitmq.map(({ amqpUrl }) => amqpUrl).join(','),
      managementUrl: rabbitmq[0].managementUrl,
    },
    postgres: postgres.server,
    rabbitmq,
    async stop() {
      await Promise.all(servers.map((server) => server.discard()));
    },
  };
}
