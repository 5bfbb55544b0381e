import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { startEpmd } from './epmd.ts';
import { canConnect } from './ports.ts';
import { startProcess, type RunningProcess } from './process.ts';
import { assertReadable, hasData } from './rabbitmq-data.ts';
import { writeKeyPair, type KeyPair } from './test-certificates.ts';
import type { Unit } from './unit.ts';
import { giveTo, lesserUser, type User } from './users.ts';

const execute = promisify(execFile);

/** Everyone on this machine may know it: the node listens on 127.0.0.1 only. */
export const RABBITMQ_USER = 'payfan';
export const RABBITMQ_PASSWORD = 'payfan';

export interface RabbitmqPorts {
  amqp: number;
  management: number;
  /** Erlang's own: between nodes (and its command-line tools), and to find them. */
  distribution: number;
  epmd: number;
}

export interface RabbitmqOptions {
  /** The start script. */
  script: string;
  /** Its own folder; may exist already, with the data of an earlier run. */
  folder: string;
  /** Names the node. It must stay the same for a folder: RabbitMQ keeps its data under that name. */
  node: string;
  ports: RabbitmqPorts;
  /** For one of several that are one broker. They share the port mapper (`ports.epmd`), which then runs already. */
  cluster?: RabbitmqCluster;
  /** Takes TLS too, at ports of its own. */
  tls?: RabbitmqTls;
  logFile: string;
  runFolder: string;
}

export interface RabbitmqTls extends KeyPair {
  ports: { amqp: number; management: number };
}

interface RabbitmqCluster {
  /** The names of all its nodes. */
  nodes: readonly string[];
  /** What they know each other by. */
  cookie: string;
}

export function amqpUrl(port: number): string {
  return `amqp://${RABBITMQ_USER}:${RABBITMQ_PASSWORD}@127.0.0.1:${port}`;
}

export function managementUrl(port: number): string {
  return `http://${RABBITMQ_USER}:${RABBITMQ_PASSWORD}@127.0.0.1:${port}`;
}

/** A RabbitMQ node of our own, on 127.0.0.1 only, beside whatever other broker the machine runs. */
export function rabbitmqUnit(options: RabbitmqOptions): Unit {
  const user = lesserUser('rabbitmq', 'nobody');
  let epmd: RunningProcess | undefined;
  return {
    name: 'rabbitmq',
    logFile: options.logFile,
    stopSignal: 'SIGTERM',
    graceMs: 20_000,
    async spawn() {
      prepareFolder(options, user);
      const data = path.join(options.folder, 'data');
      if (hasData(data)) assertReadable(data, (await rabbitmqctl(options, 'version')).trim());
      if (options.cluster === undefined && (epmd === undefined || epmd.hasExited))
        epmd = await startEpmd({ ...options, port: options.ports.epmd, user });
      return startNode(options, user);
    },
    isReady: () => isRabbitmqReady(options.ports.amqp, managementUrl(options.ports.management)),
    async cleanUp() {
      await epmd?.stop('SIGTERM', 2_000);
    },
  };
}

/** Ready means both: AMQP takes connections, and the management API answers. */
export async function isRabbitmqReady(amqpPort: number, management: string): Promise<boolean> {
  await canConnect(amqpPort);
  const { origin, username, password } = new URL(management);
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const answer = await fetch(`${origin}/api/vhosts`, {
    headers: { authorization },
    signal: AbortSignal.timeout(5_000),
  });
  await answer.arrayBuffer();
  return answer.ok;
}

/** Runs `rabbitmqctl` on a node of ours, as its user; answers what it printed. */
export async function rabbitmqctl(options: RabbitmqOptions, ...args: string[]): Promise<string> {
  const { script, folder, node, ports } = options;
  const { stdout } = await execute(
    path.join(path.dirname(script), 'rabbitmqctl'),
    ['--quiet', '--node', node, ...args],
    {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        HOME: path.join(folder, 'home'),
        LANG: 'C.UTF-8',
        RABBITMQ_CONF_ENV_FILE: '/dev/null',
        ERL_EPMD_PORT: String(ports.epmd),
      },
      ...lesserUser('rabbitmq', 'nobody'),
    },
  );
  return stdout;
}

/**
 * The settings of the node. Disk: it should stop publishers only when the disk is nearly full. Statistics: the
 * management API tells how long queues are once a second; at its usual 5 s, whoever waits for an empty queue
 * waits for that. Nodes that were apart stay so until one is restarted, as they do by default: in RabbitMQ
 * 3.10's own healing the node that returns may decide before it has heard of all that happened, and then it goes
 * round in circles (https://www.rabbitmq.com/docs/partitions).
 */
function rabbitmqConfig({ folder, ports, cluster, tls }: RabbitmqOptions): string {
  const members = cluster?.nodes.map(
    (node, index) => `cluster_formation.classic_config.nodes.${index + 1} = ${node}`,
  );
  const clustering = members && ['cluster_formation.peer_discovery_backend = classic_config', ...members];
  return `listeners.tcp.1 = 127.0.0.1:${ports.amqp}
management.tcp.ip = 127.0.0.1
management.tcp.port = ${ports.management}
default_user = ${RABBITMQ_USER}
default_pass = ${RABBITMQ_PASSWORD}
disk_free_limit.absolute = 50MB
log.file = false
log.console = true
log.console.level = warning
collect_statistics_interval = 1000
${clustering?.join('\n') ?? ''}
${tls === undefined ? '' : tlsConfig(folder, tls)}`;
}

function tlsConfig(folder: string, { ports }: RabbitmqTls): string {
  const [certFile, keyFile] = [path.join(folder, 'tls.crt'), path.join(folder, 'tls.key')];
  return `listeners.ssl.1 = 127.0.0.1:${ports.amqp}
ssl_options.certfile = ${certFile}
ssl_options.keyfile = ${keyFile}
management.ssl.ip = 127.0.0.1
management.ssl.port = ${ports.management}
management.ssl.certfile = ${certFile}
management.ssl.keyfile = ${keyFile}
`;
}

function prepareFolder(options: RabbitmqOptions, user: User | undefined): void {
  const { folder, cluster, tls } = options;
  const folders = ['', 'home', 'data', 'log'].map((name) => path.join(folder, name));
  for (const one of folders) mkdirSync(one, { recursive: true });
  giveTo(user, ...folders);
  writeFileSync(path.join(folder, 'rabbitmq.conf'), rabbitmqConfig(options));
  if (tls !== undefined) writeKeyPair(tls, folder, user);
  writeFileSync(path.join(folder, 'enabled_plugins'), '[rabbitmq_management].\n');
  const home = path.join(folder, 'home');
  const cookie = path.join(home, '.erlang.cookie');
  if (!existsSync(cookie)) {
    writeFileSync(cookie, cluster?.cookie ?? crypto.randomUUID());
    giveTo(user, cookie);
    chmodSync(cookie, 0o400);
  }
  giveTo(user, path.join(folder, 'rabbitmq.conf'), path.join(folder, 'enabled_plugins'));
}

function startNode(options: RabbitmqOptions, user: User | undefined): Promise<RunningProcess> {
  const { folder, ports } = options;
  const inFolder = (name: string) => path.join(folder, name);
  return startProcess({
    name: 'rabbitmq',
    command: options.script,
    args: [],
    env: {
      PATH: process.env.PATH,
      HOME: inFolder('home'),
      LANG: 'C.UTF-8',
      RABBITMQ_NODENAME: options.node,
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_NODE_PORT: String(ports.amqp),
      RABBITMQ_DIST_PORT: String(ports.distribution),
      RABBITMQ_MNESIA_BASE: inFolder('data'),
      RABBITMQ_LOG_BASE: inFolder('log'),
      RABBITMQ_PID_FILE: inFolder('rabbitmq.pid'),
      RABBITMQ_ENABLED_PLUGINS_FILE: inFolder('enabled_plugins'),
      RABBITMQ_CONFIG_FILE: inFolder('rabbitmq.conf'),
      RABBITMQ_GENERATED_CONFIG_DIR: inFolder('config'),
      RABBITMQ_ADVANCED_CONFIG_FILE: inFolder('advanced.config'),
      // The machine's own settings are for the machine's own broker.
      RABBITMQ_CONF_ENV_FILE: '/dev/null',
      // Makes the script give way to the Erlang machine instead of waiting for it, so that the process
      // we know is the broker; Erlang itself must not wait for input all the same.
      RABBITMQ_ALLOW_INPUT: 'true',
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: [
        '-noinput -kernel inet_dist_use_interface {127,0,0,1}',
        // The other half of telling at once how long queues are, see rabbitmqConfig.
        '-rabbit quorum_tick_interval 1000',
        // Nodes of one machine need not wait a minute to miss each other.
        ...(options.cluster === undefined ? [] : ['-kernel net_ticktime 8']),
      ].join(' '),
      ERL_EPMD_PORT: String(ports.epmd),
      ERL_EPMD_ADDRESS: '127.0.0.1',
    },
    cwd: folder,
    user,
    logFile: options.logFile,
    runFolder: options.runFolder,
  });
}
