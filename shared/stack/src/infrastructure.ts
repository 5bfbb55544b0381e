import path from 'node:path';
import { choosePostgres, chooseRabbitmq } from './choice.ts';
import { dockerAnswers } from './docker.ts';
import { repository, repositoryHash } from './paths.ts';
import { expectServer } from './given-server.ts';
import { infrastructurePort, usualInfrastructurePorts } from './port-choice.ts';
import { freePort } from './ports.ts';
import { findPostgres } from './postgres-binaries.ts';
import { postgresUnit, postgresUrl } from './postgres.ts';
import { rabbitmqContainerUnit } from './rabbitmq-docker.ts';
import { openManagement } from '@payfan/messaging/management';
import { amqpUrl, managementUrl, rabbitmqUnit, type RabbitmqPorts } from './rabbitmq.ts';
import { findRabbitmqServer, NoRabbitmq } from './rabbitmq-server.ts';
import type { Run } from './runs.ts';
import { mailUrl, sandboxUnit, smsUrl, smtpUrl, webPushUrl } from './sandbox.ts';
import { dropDatabase, ensureDatabase, withDatabase } from './sql-names.ts';
import { setting } from './setting.ts';
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
  /** True where others look for it, so that it should be where they look. */
  usualPorts: boolean;
  run: Run;
}

/** A server that is to be used: one of ours (then `unit` starts it), or one that was named. */
export interface Planned<Address> {
  address: Address;
  unit?: Unit;
  /** For people: `PostgreSQL (from npm) on 127.0.0.1:5432`. */
  description: string;
  /** Makes on the server what the run needs, and so proves that it answers. */
  whenReady?: () => Promise<unknown>;
  /** Takes away from a named server what a run on throw-away data made there. */
  cleanUp?: () => Promise<unknown>;
}

/** The named server, or ours; on the usual port if it is free. */
export async function planPostgres(place: Place, password: string): Promise<Planned<{ adminUrl: string }>> {
  const choice = choosePostgres({ databaseUrl: setting('DATABASE_URL') });
  if (choice.kind === 'given') return givenPostgres(choice.url, place);
  const port = await infrastructurePort('POSTGRES_PORT', place);
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
    whenReady: () => ensureDatabase(postgresUrl({ port, password }), DATABASE),
    description: `PostgreSQL on 127.0.0.1:${port}${unusual(place, 'POSTGRES_PORT', port)} (${binaries.origin})`,
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
    async whenReady() {
      await expectServer([new URL(url)], 'DATABASE_URL');
      await ensureDatabase(url, database);
    },
    ...(place.throwAway ? { cleanUp: () => dropDatabase(url, database) } : {}),
  };
}

/** The named broker, or the machine's as a private node, or one in Docker. */
export async function planRabbitmq(
  place: Place,
): Promise<Planned<{ amqpUrl: string; managementUrl: string }>> {
  const script = findRabbitmqServer();
  const given = setting('AMQP_URL');
  const docker = given === undefined && script === undefined && (await dockerAnswers());
  const choice = chooseRabbitmq({ amqpUrl: given, rabbitmqServer: script, docker });
  if (choice.kind === 'none') throw new NoRabbitmq();
  if (choice.kind === 'given') return givenRabbitmq(choice.url, place);

  const ports = {
    amqp: await infrastructurePort('RABBITMQ_PORT', place),
    management: await infrastructurePort('RABBITMQ_MANAGEMENT_PORT', place),
  };
  const logFile = path.join(place.logs, 'rabbitmq.log');
  const at = `127.0.0.1:${ports.amqp}${unusual(place, 'RABBITMQ_PORT', ports.amqp)}`;
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

/** A broker of yours is set up by its management API. Throw-away data gets a vhost of its own there. */
function givenRabbitmq(url: string, place: Place): Planned<{ amqpUrl: string; managementUrl: string }> {
  // A list of hosts names the members of one cluster.
  const hosts = url.split(',').map((host) => new URL(host));
  const [{ hostname, username, password, host } = new URL(url)] = hosts;
  const credentials = username === '' ? 'guest:guest' : `${username}:${password}`;
  const management = setting('AMQP_MANAGEMENT_URL') ?? `http://${credentials}@${hostname}:15672`;
  const description = `RabbitMQ at ${host} (AMQP_URL)`;
  const answers = async () => {
    await expectServer(hosts, 'AMQP_URL');
    await expectServer([new URL(management)], 'AMQP_MANAGEMENT_URL');
  };
  if (!place.throwAway) {
    return { address: { amqpUrl: url, managementUrl: management }, description, whenReady: answers };
  }
  const vhost = path.basename(place.state);
  const api = openManagement(management);
  for (const one of hosts) one.pathname = `/${vhost}`;
  return {
    address: { amqpUrl: hosts.join(','), managementUrl: management },
    description: `${description}, vhost ${vhost}`,
    async whenReady() {
      await answers();
      await api.put(`vhosts/${vhost}`);
      const everything = { configure: '.*', write: '.*', read: '.*' };
      await api.put(`permissions/${vhost}/${username === '' ? 'guest' : username}`, everything);
    },
    cleanUp: () => api.delete(`vhosts/${vhost}`),
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
  webPushUrl: string;
  /** The inbox to look into; none when mail goes to a server of yours. */
  mailApi?: string;
}

/** SMTP_URL and SMS_URL where they are set; the sandbox plays the rest. */
export async function planOutsideWorld(place: Place): Promise<Planned<OutsideWorld>> {
  const given = { smtp: setting('SMTP_URL'), sms: setting('SMS_URL') };
  const parts = [
    ...(given.smtp ? [] : (['mail'] as const)),
    ...(given.sms ? [] : (['sms'] as const)),
    'webpush' as const,
  ];
  const ports = {
    smtp: await infrastructurePort('SMTP_PORT', place),
    mail: await infrastructurePort('MAIL_PORT', place),
    sms: await infrastructurePort('SMS_PORT', place),
    webpush: await infrastructurePort('WEB_PUSH_PORT', place),
  };
  const address: OutsideWorld = {
    smtpUrl: given.smtp ?? smtpUrl(ports),
    smsUrl: given.sms ?? smsUrl(ports),
    webPushUrl: webPushUrl(ports),
    ...(given.smtp ? {} : { mailApi: mailUrl(ports) }),
  };
  const description = [
    given.smtp ? 'Mail goes to SMTP_URL' : `Mail inbox at ${mailUrl(ports)}`,
    given.sms ? 'SMS go to SMS_URL' : `SMS at ${smsUrl(ports)}`,
    `Web Push at ${webPushUrl(ports)}`,
  ].join('; ');
  const logFile = path.join(place.logs, 'sandbox.log');
  return { address, description, unit: sandboxUnit({ ports, parts, logFile, runFolder: place.run.folder }) };
}

/** Says so where a port is not the one that people expect. */
function unusual(
  { usualPorts }: Place,
  variable: keyof typeof usualInfrastructurePorts,
  port: number,
): string {
  const usual = usualInfrastructurePorts[variable];
  return !usualPorts || port === usual || setting(variable) !== undefined ? '' : ` (${usual} is taken)`;
}
