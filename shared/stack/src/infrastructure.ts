import path from 'node:path';
import { choosePostgres, chooseRabbitmq } from './choice.ts';
import { dockerAnswers } from './docker.ts';
import { repository, repositoryHash } from './paths.ts';
import { freePort, portOrFree } from './ports.ts';
import { findPostgres } from './postgres-binaries.ts';
import { postgresUnit, postgresUrl } from './postgres.ts';
import { rabbitmqContainerUnit } from './rabbitmq-docker.ts';
import { amqpUrl, managementUrl, rabbitmqUnit, type RabbitmqPorts } from './rabbitmq.ts';
import { findRabbitmqServer, NoRabbitmq } from './rabbitmq-server.ts';
import type { Run } from './runs.ts';
import { mailUrl, sandboxUnit, smsUrl, smtpUrl, usualSandboxPorts } from './sandbox.ts';
import { withConnection, withDatabase } from './sql-names.ts';
import type { Unit } from './unit.ts';

/** The database that the services share, each in a schema of its own. */
const DATABASE = 'payfan';

/** Where a run keeps things, and how. */
export interface Place {
  /** Data and passwords. */
  state: string;
  logs: string;
  /** True for data that is gone when the run ends. */
  throwAway: boolean;
  run: Run;
}

/** A server that is to be used: one of ours (then `unit` starts it), or one that was named. */
export interface Planned<Address> {
  address: Address;
  unit?: Unit;
  /** For people: `PostgreSQL (from npm) on 127.0.0.1:5432`. */
  description: string;
  /** Proves that a named server answers. */
  check?: () => Promise<unknown>;
}

/** The named server, or ours; on the usual port if it is free. */
export async function planPostgres(place: Place, password: string): Promise<Planned<{ adminUrl: string }>> {
  const choice = choosePostgres({ databaseUrl: process.env.DATABASE_URL });
  if (choice.kind === 'given') return givenPostgres(choice.url, place);
  const port = await portOrFree(5432);
  const binaries = await findPostgres();
  return {
    address: { adminUrl: postgresUrl({ port, password }, DATABASE) },
    unit: postgresUnit({
      binaries,
      folder: path.join(place.state, 'postgres'),
      port,
      password,
      durable: !place.throwAway,
      logFile: path.join(place.logs, 'postgres.log'),
      runFolder: place.run.folder,
    }),
    description: `PostgreSQL on 127.0.0.1:${port}${unusual(port, 5432)} (${binaries.origin})`,
  };
}

/** On a server of yours, a database named in the URL is used; else ours is made. Throw-away data gets its own. */
function givenPostgres(url: string, place: Place): Planned<{ adminUrl: string }> {
  const named = decodeURIComponent(new URL(url).pathname.slice(1));
  const usual = ['', 'postgres', 'template1'].includes(named) ? DATABASE : named;
  const database = place.throwAway ? `payfan_${path.basename(place.state).slice(-6).toLowerCase()}` : usual;
  return {
    address: { adminUrl: withDatabase(url, database) },
    description: `PostgreSQL at ${new URL(url).host} (DATABASE_URL), database ${database}`,
    check: () => withConnection(url, (connection) => connection.query({ text: 'select 1' })),
  };
}

/** The named broker, or the machine's as a private node, or one in Docker. */
export async function planRabbitmq(place: Place): Promise<Planned<{ amqpUrl: string; managementUrl: string }>> {
  const script = findRabbitmqServer();
  const given = process.env.AMQP_URL;
  const docker = !given && script === undefined && (await dockerAnswers());
  const choice = chooseRabbitmq({ amqpUrl: given, rabbitmqServer: script, docker });
  if (choice.kind === 'none') throw new NoRabbitmq();
  if (choice.kind === 'given') return givenRabbitmq(choice.url);

  const ports = { amqp: await portOrFree(5672), management: await portOrFree(15672) };
  const logFile = path.join(place.logs, 'rabbitmq.log');
  const at = `127.0.0.1:${ports.amqp}${unusual(ports.amqp, 5672)}`;
  const address = { amqpUrl: amqpUrl(ports.amqp), managementUrl: managementUrl(ports.management) };
  if (choice.kind === 'docker') {
    const container = place.throwAway ? path.basename(place.state) : `payfan-${repositoryHash}`;
    place.run.addContainer(container);
    const unit = rabbitmqContainerUnit({
      container,
      keepData: !place.throwAway,
      ports,
      cwd: repository,
      logFile,
      runFolder: place.run.folder,
    });
    return { address, unit, description: `RabbitMQ on ${at} (Docker)` };
  }
  const unit = rabbitmqUnit({
    script: choice.script,
    folder: path.join(place.state, 'rabbitmq'),
    node: nodeName(place),
    ports: { ...ports, ...(await erlangPorts()) },
    logFile,
    runFolder: place.run.folder,
  });
  return { address, unit, description: `RabbitMQ on ${at} (a private node of ${choice.script})` };
}

function givenRabbitmq(url: string): Planned<{ amqpUrl: string; managementUrl: string }> {
  // A list of hosts names the members of one cluster.
  const first = url.split(',')[0] ?? url;
  const { hostname, username, password } = new URL(first);
  const credentials = username === '' ? 'guest:guest' : `${username}:${password}`;
  const management = process.env.AMQP_MANAGEMENT_URL ?? `http://${credentials}@${hostname}:15672`;
  return {
    address: { amqpUrl: url, managementUrl: management },
    description: `RabbitMQ at ${new URL(first).host} (AMQP_URL)`,
  };
}

/** The same for the same data, as RabbitMQ keeps its data under the node's name. */
function nodeName(place: Place): string {
  const name = place.throwAway ? path.basename(place.state).slice(-6).toLowerCase() : repositoryHash;
  return `payfan-${name}@localhost`;
}

async function erlangPorts(): Promise<Pick<RabbitmqPorts, 'distribution' | 'epmd'>> {
  return { distribution: await freePort(), epmd: await freePort() };
}

export interface OutsideWorld {
  smtpUrl: string;
  smsUrl: string;
  /** The inbox to look into; none when mail goes to a server of yours. */
  mailApi?: string;
}

/** SMTP_URL and SMS_URL where they are set; the sandbox plays the rest. */
export async function planOutsideWorld(place: Place): Promise<Planned<OutsideWorld>> {
  const given = { smtp: process.env.SMTP_URL || undefined, sms: process.env.SMS_URL || undefined };
  const parts = [...(given.smtp ? [] : (['mail'] as const)), ...(given.sms ? [] : (['sms'] as const))];
  const ports = {
    smtp: await portOrFree(usualSandboxPorts.smtp),
    mail: await portOrFree(usualSandboxPorts.mail),
    sms: await portOrFree(usualSandboxPorts.sms),
  };
  const address: OutsideWorld = {
    smtpUrl: given.smtp ?? smtpUrl(ports),
    smsUrl: given.sms ?? smsUrl(ports),
    ...(given.smtp ? {} : { mailApi: mailUrl(ports) }),
  };
  const description = [
    given.smtp ? 'Mail goes to SMTP_URL' : `Mail inbox at ${mailUrl(ports)}`,
    given.sms ? 'SMS go to SMS_URL' : `SMS at ${smsUrl(ports)}`,
  ].join('; ');
  if (parts.length === 0) return { address, description };
  const logFile = path.join(place.logs, 'sandbox.log');
  return { address, description, unit: sandboxUnit({ ports, parts, logFile, runFolder: place.run.folder }) };
}

const unusual = (port: number, usual: number) => (port === usual ? '' : ` (${usual} is taken)`);
