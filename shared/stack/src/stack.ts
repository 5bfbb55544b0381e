import { mkdirSync, statSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { brokerServices, brokerUserName } from '@payfan/contracts';
import { asUser } from './as-user.ts';
import { planOutsideWorld, planPostgres, planRabbitmq, type Place, type Planned } from './infrastructure.ts';
import { isDemo } from './demo-mode.ts';
import { demoAccounts, runOneShot, type OneShot } from './one-shot.ts';
import { programUnit } from './program.ts';
import type { Progress } from './progress.ts';
import { loadSecrets, type Secrets } from './secrets.ts';
import { chooseServicePorts } from './port-choice.ts';
import { withCopies, type Copies } from './copies.ts';
import {
  channelNames,
  services,
  servicesWithDatabase,
  servicesWithKey,
  vhostOf,
  web,
  type Service,
  type Surroundings,
} from './services.ts';
import { localHost, setting, settingsOf, settingsOfAll, variablesOf } from './setting.ts';
import { withRole } from './sql-names.ts';
import type { StackDescription } from './stack-file.ts';
import { Supervisor } from './supervisor.ts';

export interface StackOptions {
  place: Place;
  /** Passwords stay with the persistent state, as a database server that was named keeps its roles. */
  secretsFolder: string;
  progress: Progress;
  copies?: Copies;
  /** Services that are not started with the others, see `startLater`. Their ports are theirs from the beginning. */
  later?: readonly Service[];
  /** Called with where everything is, once it is ready and whenever a process has taken another's place. */
  onChange?: (description: StackDescription) => void;
}

type Infrastructure = Awaited<ReturnType<typeof planInfrastructure>>;

/** A log that has grown past this is begun anew at start. */
const LOG_LIMIT_BYTES = 20 * 1024 * 1024;

/** The whole of Payfan, natively: servers, migrations, services, each kept running. */
export class Stack {
  readonly #options: StackOptions;
  /** Those that are to run, in the order of the table. */
  #services: readonly Service[];
  readonly #supervisor: Supervisor;
  readonly #demo = isDemo();
  #infrastructure: Infrastructure | undefined;
  #around: Surroundings | undefined;
  #ports = new Map<string, number>();
  #ready = false;
  #stopped: Promise<void> | undefined;

  constructor(options: StackOptions) {
    this.#options = options;
    this.#services = withCopies(services, options.copies ?? {});
    this.#supervisor = new Supervisor({
      log: (line) => options.progress.line(line),
      onChange: () => this.#changed(),
    });
  }

  /** Resolves when every service is ready. Rejects with the reason, having stopped nothing: call `stop`. */
  async start(): Promise<StackDescription> {
    const { place, secretsFolder } = this.#options;
    // Before anything else, since a taken port is the likeliest thing to be wrong.
    this.#ports = await chooseServicePorts([...this.#services, ...(this.#options.later ?? [])], place);
    const secrets = loadSecrets(secretsFolder, {
      withDatabase: servicesWithDatabase,
      withBroker: brokerServices(channelNames),
      withKey: servicesWithKey,
    });
    mkdirSync(place.logs, { recursive: true });
    const planned = await planInfrastructure(place, secrets);
    this.#infrastructure = planned;
    await Promise.all([
      this.#begin(planned.postgres).then(() => this.#migrate(planned.postgres.address.adminUrl, secrets)),
      this.#begin(planned.rabbitmq).then(() => this.#setUpBroker(planned.rabbitmq.address, secrets)),
      this.#begin(planned.outside),
    ]);
    const around = this.#surroundings(planned, secrets);
    this.#around = around;
    const startedMs = performance.now();
    await Promise.all(this.#services.map((service) => this.#supervisor.start(this.#unitOf(service, around))));
    this.#options.progress.done(`Services: ${this.#services.map(({ name }) => name).join(', ')}`, startedMs);
    this.#ready = true;
    this.#changed();
    return this.#describe(planned);
  }

  /** Starts one of `later` beside the others, and resolves when it is ready. From then on it is kept running. */
  async startLater(service: Service): Promise<StackDescription> {
    if (this.#around === undefined || this.#infrastructure === undefined) {
      throw new Error(`${service.name} comes after the others`);
    }
    const startedMs = performance.now();
    await this.#supervisor.start(this.#unitOf(service, this.#around));
    // Told of only now that it answers.
    this.#services = [...this.#services, service];
    this.#options.progress.done(`${service.name} is ready`, startedMs);
    this.#changed();
    return this.#describe(this.#infrastructure);
  }

  /** Services first, while they can still finish what they do; then the servers. May be called at any time. */
  async stop(): Promise<void> {
    this.#stopped ??= this.#stopInOrder();
    await this.#stopped;
  }

  async #stopInOrder(): Promise<void> {
    const { later = [] } = this.#options;
    await this.#supervisor.stop([...this.#services, ...later].map(({ name }) => name));
    const { postgres, rabbitmq } = this.#infrastructure ?? {};
    // A server of yours may be away by now; what is left there then does no harm.
    await Promise.allSettled([postgres?.cleanUp?.(), rabbitmq?.cleanUp?.()]);
    await this.#supervisor.stop();
  }

  async #begin(planned: Planned<object>): Promise<void> {
    const startedMs = performance.now();
    if (planned.unit !== undefined) {
      limitLog(planned.unit.logFile);
      await this.#supervisor.start(planned.unit);
    }
    await planned.whenReady?.();
    this.#options.progress.done(planned.description, startedMs);
  }

  async #migrate(adminUrl: string, secrets: Secrets): Promise<void> {
    const startedMs = performance.now();
    await this.#runOneShot({
      name: 'migrate',
      entry: 'shared/database/dist/migrate-main.js',
      failure: 'The database could not be brought up to date',
      env: { ADMIN_DATABASE_URL: adminUrl, ...variablesOf(secrets.services, 'DB_PASSWORD') },
    });
    if (this.#demo) await this.#runOneShot(demoAccounts(adminUrl));
    this.#options.progress.done('Database is up to date', startedMs);
  }

  async #setUpBroker(
    { amqpUrl, managementUrl }: Infrastructure['rabbitmq']['address'],
    secrets: Secrets,
  ): Promise<void> {
    const startedMs = performance.now();
    await this.#runOneShot({
      name: 'setup-broker',
      entry: 'shared/messaging/dist/setup-broker-main.js',
      failure: 'The broker could not be set up',
      env: {
        RABBITMQ_ADMIN_URL: managementUrl,
        RABBITMQ_VHOST: vhostOf(amqpUrl),
        CHANNELS: channelNames.join(','),
        ...variablesOf(secrets.broker, 'AMQP_PASSWORD'),
      },
    });
    this.#options.progress.done('Broker is set up', startedMs);
  }

  async #runOneShot({ env, ...program }: Omit<OneShot, 'logFile' | 'runFolder'>): Promise<void> {
    const { place } = this.#options;
    await runOneShot({
      ...program,
      // A demo may have weak passwords.
      env: { PAYFAN_DEMO: String(this.#demo), ...env },
      logFile: path.join(place.logs, `${program.name}.log`),
      runFolder: place.run.folder,
    });
  }

  #surroundings({ postgres, rabbitmq, outside }: Infrastructure, secrets: Secrets): Surroundings {
    const atBroker = (url: string, service: string) =>
      asUser(url, brokerUserName(service), secretOf(secrets.broker, service));
    return {
      databaseUrl: (service) =>
        withRole(postgres.address.adminUrl, `payfan_${service}`, secretOf(secrets.services, service)),
      amqpUrl: (service) => atBroker(rabbitmq.address.amqpUrl, service),
      managementUrl: atBroker(rabbitmq.address.managementUrl, 'operations'),
      smtpUrl: outside.address.smtpUrl,
      smsUrl: outside.address.smsUrl,
      webPushUrl: outside.address.webPushUrl,
      mailUrl: outside.address.mailApi,
      serviceUrl: (service) => this.#urlOf(service),
      serviceUrls: (service) => this.#copiesOf(service).map((name) => this.#urlOf(name)),
      pageOrigins: [...new Set(['localhost', '127.0.0.1', localHost()])].map(
        (host) => `http://${host}:${this.#pagesPort()}`,
      ),
      publicUrl: (service) => this.#urlOf(service),
      serviceKey: (service) => secretOf(secrets.keys, service),
      operatorKeys: setting('OPERATOR_KEYS') ?? '',
      keyEncryptionKey: setting('KEY_ENCRYPTION_KEY') ?? '',
      demo: this.#demo,
    };
  }

  #unitOf(service: Service, around: Surroundings) {
    const { place } = this.#options;
    const logFile = path.join(place.logs, `${service.name}.log`);
    limitLog(logFile);
    return programUnit({
      name: service.name,
      entry: service.entry,
      port: this.#portOf(service.name),
      env: {
        NODE_ENV: 'production',
        ...settingsOfAll(),
        ...service.environment(around),
        ...settingsOf(service.name),
      },
      logFile,
      runFolder: place.run.folder,
    });
  }

  /** Where pages are, or would be: they may come from a server of their own. */
  #pagesPort(): number | undefined {
    return this.#ports.get(web.name) ?? web.port;
  }

  #urlOf(service: string): string {
    return `http://${localHost()}:${this.#portOf(service)}`;
  }

  /** They run what the first one runs. */
  #copiesOf(service: string): string[] {
    const first = this.#services.find(({ name }) => name === service);
    return this.#services
      .filter(({ entry, worksFor }) => entry === first?.entry && worksFor === undefined)
      .map(({ name }) => name);
  }

  #portOf(service: string): number {
    const port = this.#ports.get(service);
    if (port === undefined) throw new Error(`no port was chosen for ${service}`);
    return port;
  }

  #changed(): void {
    if (this.#ready && this.#infrastructure !== undefined) {
      this.#options.onChange?.(this.#describe(this.#infrastructure));
    }
  }

  #describe({ postgres, rabbitmq, outside }: Infrastructure): StackDescription {
    const pid = (name: string) => {
      const found = this.#supervisor.pidOf(name);
      return found === undefined ? {} : { pid: found };
    };
    const described = this.#services.map(({ name }) => [name, { url: this.#urlOf(name), ...pid(name) }]);
    const sandbox =
      outside.unit === undefined ? [] : [['sandbox', { url: outside.address.smsUrl, ...pid('sandbox') }]];
    return {
      services: Object.fromEntries([...described, ...sandbox]) as StackDescription['services'],
      infrastructure: {
        postgres: { url: postgres.address.adminUrl, ...pid('postgres') },
        rabbitmq: {
          url: rabbitmq.address.amqpUrl,
          managementUrl: rabbitmq.address.managementUrl,
          ...pid('rabbitmq'),
        },
        mail: {
          smtp: outside.address.smtpUrl,
          ...(outside.address.mailApi === undefined ? {} : { api: outside.address.mailApi }),
        },
        sms: { url: outside.address.smsUrl },
        webPush: { url: outside.address.webPushUrl },
      },
    };
  }
}

async function planInfrastructure(place: Place, secrets: Secrets) {
  return {
    postgres: await planPostgres(place, secrets.postgres),
    rabbitmq: await planRabbitmq(place),
    outside: await planOutsideWorld(place),
  };
}

/** A service without a secret of its own must not get one that anyone can guess. */
function secretOf(secrets: Readonly<Record<string, string>>, service: string): string {
  const secret = secrets[service];
  if (secret === undefined) throw new Error(`No secret was made for ${service}`);
  return secret;
}

function limitLog(logFile: string): void {
  const size = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_LIMIT_BYTES) truncateSync(logFile);
}
