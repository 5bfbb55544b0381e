import { LIVE_TOPICS_EXCHANGE, liveTopicsTopology } from '@payfan/contracts';
import { openBroker, type Broker } from '@payfan/messaging';
import {
  startPayfan,
  startProgram,
  startServers,
  waitFor,
  type Payfan,
  type Program,
} from '@payfan/stack/testing';
import { openBenchAccounts } from './bench-accounts.ts';
import { silentLog } from './silent-log.ts';

/** Payfan with the gateway, and what it is measured against, on the same broker. */
export interface GatewayStage {
  readonly payfan: Payfan;
  readonly broker: Broker;
  readonly accounts: number;
  /** A gateway, or one of its yardsticks, that nobody has used. */
  start(kind: LiveServer['kind']): Promise<LiveServer>;
}

export interface LiveServer {
  readonly kind: 'gateway' | 'ws' | 'tcp';
  readonly program: Program;
  readonly url: string;
}

const ACCOUNTS = 1_000;
/** Of a service that may follow what is published here. */
export const SERVICE_KEY = 'key-of-bench';
const BACK_ENDS = { bench: 'follow:public.*|follow:bench.*' };
/** All clients come from here, and most of them with one key. */
const LIMITS = {
  CONNECTIONS_PER_ACCOUNT: '100000',
  CONNECTIONS_PER_ADDRESS: '100000',
  HANDSHAKES_MAX: '100000',
};

/** Without the channels that are not measured: what they do would be in the way. */
export async function withGatewayStage<T>(work: (stage: GatewayStage) => Promise<T>): Promise<T> {
  const servers = await startServers();
  const payfan = await startPayfan({
    servers: servers.infrastructure,
    environment: { gateway: LIMITS },
    backEnds: BACK_ENDS,
  });
  const { amqpUrl } = payfan.vhost;
  const broker = openBroker({
    urls: [payfan.vhost.urlFor('gateway')],
    name: 'bench',
    log: silentLog,
    topology: liveTopicsTopology,
  });
  const started: Program[] = [];
  try {
    await Promise.all(['phone', 'email', 'operations'].map((name) => payfan.program(name).stop()));
    await openBenchAccounts(payfan.database.adminUrl, ACCOUNTS);
    await broker.start();
    await waitFor(() => broker.ping(), { what: 'the broker', timeoutMs: 20_000 });
    return await work({
      payfan,
      broker,
      accounts: ACCOUNTS,
      async start(kind) {
        const program =
          kind === 'gateway' ? await payfan.startAnother('gateway') : await startBare(kind, amqpUrl);
        if (kind !== 'gateway') started.push(program);
        return { kind, program, url: program.url };
      },
    });
  } finally {
    await Promise.all(started.map((program) => program.stop()));
    await broker.stop();
    await payfan.stop();
    await servers.stop();
  }
}

const startBare = (kind: 'ws' | 'tcp', amqpUrl: string): Promise<Program> =>
  startProgram({
    name: `bare-${kind}`,
    entry: 'tests/dist/bench/bare-live-server.js',
    env: { MODE: kind, AMQP_URL: amqpUrl, EXCHANGE: LIVE_TOPICS_EXCHANGE },
  });
