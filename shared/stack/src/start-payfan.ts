import path from 'node:path';
import { freshBroker, freshDatabase, testRunFolder, type FreshBroker, type FreshDatabase } from './fresh.ts';
import { demoAccounts, runOneShot } from './one-shot.ts';
import { freePort } from './ports.ts';
import type { Program } from './program.ts';
import {
  mailUrl,
  SANDBOX_ENTRY,
  sandboxEnvironment,
  sandboxReadyUrls,
  smsUrl,
  smtpUrl,
  webPushUrl,
  type SandboxPorts,
} from './sandbox.ts';
import { services, type Service, type Surroundings } from './services.ts';
import { localHost } from './setting.ts';
import { isPortTaken, startProgram } from './start-program.ts';
import type { TestInfrastructure } from './test-infrastructure.ts';

export interface PayfanOptions {
  /** Servers of the test's own, instead of those that all tests share. */
  servers?: TestInfrastructure;
  /** Where one service finds the others, if not where they are: by way of a proxy, say. */
  surroundings?: (service: string, around: Surroundings) => Surroundings;
  /** Variables for one service (or `sandbox`), over those of the table in services.ts. */
  environment?: Record<string, Record<string, string>>;
  /** Changes all variables of a program (`sandbox` included), after everything else. */
  change?: (service: string, env: Record<string, string>) => Record<string, string>;
  /** Grants of further services by name, such as `{ shop: 'follow:orders.*' }`. The key of each is `key-of-<name>`. */
  backEnds?: Record<string, string>;
}

/** All of Payfan as processes of its own, on a database and a vhost of its own. */
export interface Payfan {
  readonly database: FreshDatabase;
  readonly vhost: FreshBroker;
  readonly smtpUrl: string;
  /** The inbox over HTTP, with MailHog's API. */
  readonly mailApi: string;
  /** The SMS stub. */
  readonly smsUrl: string;
  /** The push service of browsers. */
  readonly webPushUrl: string;
  /** Where a service answers: `http://127.0.0.1:…`. */
  url(service: string): string;
  /** The process that stands for a service (or `sandbox`) at its URL now. */
  program(service: string): Program;
  /** Starts a service again at its URL, once the one before was stopped or killed. */
  restart(service: string): Promise<Program>;
  /** Starts one more of a service, on a port of its own, as `--scale` does. */
  startAnother(service: string): Promise<Program>;
  /** Ends every process, and drops the database and the vhost. */
  stop(): Promise<void>;
}

export class UnknownService extends Error {
  constructor(name: string) {
    const known = ['sandbox', ...services.map((service) => service.name)];
    super(`There is no service "${name}". There are: ${known.join(', ')}.`);
    this.name = 'UnknownService';
  }
}

/** Starts all services of `npm start`, and resolves when every one is ready. */
export async function startPayfan(options: PayfanOptions = {}): Promise<Payfan> {
  for (let attempt = 1; ; attempt++) {
    const payfan = await Fleet.prepare(options);
    try {
      await payfan.start();
      return payfan;
    } catch (error) {
      await payfan.stop();
      // The services know each other's ports, so all of them get new ones.
      if (!isPortTaken(error) || attempt === 3) throw error;
    }
  }
}

/** Tests and benchmarks send more than a customer may, unless they are about the limits. */
export const LIMITS_OFF: Readonly<Record<string, string>> = {
  TRANSFERS_PER_MINUTE: '0',
  TRANSFERS_TO_ONE_PAYEE_PER_HOUR: '0',
  UNKNOWN_PAYEES_PER_HOUR: '0',
  WRONG_KEYS_PER_MINUTE: '0',
  TOKENS_PER_MINUTE: '0',
};

/** Opens the demo accounts in a test's database, which the running transaction service may not do. */
export const openDemoAccounts = ({ name, adminUrl }: FreshDatabase): Promise<void> =>
  runOneShot({
    ...demoAccounts(adminUrl),
    logFile: path.join(testRunFolder(), 'logs', `${name}-demo-accounts.log`),
    runFolder: testRunFolder(),
  });

type Starter = (port: string | undefined) => Promise<Program>;

class Fleet implements Payfan {
  readonly database: FreshDatabase;
  readonly vhost: FreshBroker;
  readonly smtpUrl: string;
  readonly mailApi: string;
  readonly smsUrl: string;
  readonly webPushUrl: string;
  readonly #sandboxPorts: SandboxPorts;
  readonly #ports: ReadonlyMap<string, number>;
  readonly #options: PayfanOptions;
  readonly #starters: ReadonlyMap<string, Starter>;
  /** What stands for each service now. */
  readonly #programs = new Map<string, Program>();
  /** Everything that was started. */
  readonly #started: Program[] = [];
  #stopped: Promise<void> | undefined;

  private constructor(
    database: FreshDatabase,
    vhost: FreshBroker,
    sandboxPorts: SandboxPorts,
    ports: ReadonlyMap<string, number>,
    options: PayfanOptions,
  ) {
    this.database = database;
    this.vhost = vhost;
    this.smtpUrl = smtpUrl(sandboxPorts);
    this.mailApi = mailUrl(sandboxPorts);
    this.smsUrl = smsUrl(sandboxPorts);
    this.webPushUrl = webPushUrl(sandboxPorts);
    this.#sandboxPorts = sandboxPorts;
    this.#ports = ports;
    this.#options = options;
    this.#starters = new Map([
      ['sandbox', () => this.#startSandbox()],
      ...services.map((service): [string, Starter] => [
        service.name,
        (port) => this.#startService(service, port),
      ]),
    ]);
  }

  static async prepare(options: PayfanOptions): Promise<Fleet> {
    const sandboxPorts = {
      smtp: await freePort(),
      mail: await freePort(),
      sms: await freePort(),
      webpush: await freePort(),
    };
    const ports = new Map<string, number>();
    for (const { name } of services) ports.set(name, await freePort());
    const { servers } = options;
    const [database, vhost] = await Promise.all([freshDatabase(servers), freshBroker({ servers })]);
    return new Fleet(database, vhost, sandboxPorts, ports, options);
  }

  async start(): Promise<void> {
    // All of them end before the first failure is told: none may appear after `stop`.
    const outcomes = await Promise.allSettled([
      openDemoAccounts(this.database),
      ...[...this.#starters.keys()].map((name) => this.restart(name)),
    ]);
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
  }

  url(service: string): string {
    const port = service === 'sandbox' ? this.#sandboxPorts.sms : this.#ports.get(service);
    if (port === undefined) throw new UnknownService(service);
    return `http://${localHost()}:${port}`;
  }

  program(service: string): Program {
    const program = this.#programs.get(service);
    if (program === undefined) throw new UnknownService(service);
    return program;
  }

  async restart(service: string): Promise<Program> {
    const program = await this.#begin(service, new URL(this.url(service)).port);
    this.#programs.set(service, program);
    return program;
  }

  startAnother(service: string): Promise<Program> {
    return this.#begin(service, undefined);
  }

  async stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    await this.#stopped;
  }

  async #stopAll(): Promise<void> {
    await Promise.all(this.#started.map((program) => program.stop()));
    // Servers of the test's own go with all that is in them, and may be down already.
    if (this.#options.servers === undefined) await Promise.all([this.database.drop(), this.vhost.remove()]);
  }

  async #begin(service: string, port: string | undefined): Promise<Program> {
    const starter = this.#starters.get(service);
    if (starter === undefined) throw new UnknownService(service);
    const program = await starter(port);
    this.#started.push(program);
    return program;
  }

  #startService({ name, entry, environment }: Service, port: string | undefined): Promise<Program> {
    const around = this.#surroundings();
    const seen = this.#options.surroundings?.(name, around) ?? around;
    const usual = withBackEnds(environment(seen), name === 'transaction' ? this.#options.backEnds : {});
    const env = { ...LIMITS_OFF, ...usual, ...this.#options.environment?.[name] };
    return startProgram({
      name,
      entry,
      env: this.#changed(name, { ...env, ...(port === undefined ? {} : { PORT: port }) }),
    });
  }

  /** There is one outside world: another sandbox would find its ports taken. */
  #startSandbox(): Promise<Program> {
    const parts = ['mail', 'sms', 'webpush'] as const;
    return startProgram({
      name: 'sandbox',
      entry: SANDBOX_ENTRY,
      env: this.#changed('sandbox', {
        ...sandboxEnvironment(this.#sandboxPorts, parts),
        PORT: String(this.#sandboxPorts.sms),
        ...this.#options.environment?.['sandbox'],
      }),
      readyUrls: sandboxReadyUrls(this.#sandboxPorts, parts),
    });
  }

  #changed(name: string, env: Record<string, string>): Record<string, string> {
    return this.#options.change?.(name, env) ?? env;
  }

  #surroundings(): Surroundings {
    return {
      databaseUrl: (service) => this.database.urlFor(service),
      amqpUrl: (service) => this.vhost.urlFor(service),
      managementUrl: this.vhost.managementUrlFor('operations'),
      smtpUrl: this.smtpUrl,
      smsUrl: this.smsUrl,
      webPushUrl: this.webPushUrl,
      mailUrl: this.mailApi,
      serviceUrl: (service) => this.url(service),
      serviceUrls: (service) => [this.url(service)],
      pageOrigins: ['http://localhost:3000'],
      publicUrl: (service) => this.url(service),
      serviceKey: (service) => `key-of-${service}`,
      operatorKeys: '',
      keyEncryptionKey: '',
      demo: true,
    };
  }
}

/** The environment of the transaction service with keys and grants of further services. */
function withBackEnds(
  environment: Record<string, string>,
  backEnds: Record<string, string> = {},
): Record<string, string> {
  const names = Object.keys(backEnds);
  if (names.length === 0) return environment;
  const granted = Object.entries(backEnds).filter(([, grants]) => grants !== '');
  const lists = {
    SERVICE_KEYS: names.map((name) => `${name}=key-of-${name}`),
    SERVICE_GRANTS: granted.map(([name, grants]) => `${name}=${grants}`),
  };
  return {
    ...environment,
    ...Object.fromEntries(
      Object.entries(lists).map(([variable, items]) => [
        variable,
        [environment[variable] ?? '', ...items].join(','),
      ]),
    ),
  };
}
