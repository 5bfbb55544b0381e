import { variableOf } from '@payfan/contracts';
import { bindAddress } from './setting.ts';

/** Where everything is, as services are told. */
export interface Surroundings {
  /** The database as the service's own role. */
  databaseUrl: (service: string) => string;
  /** The broker as the service's own user. */
  amqpUrl: (service: string) => string;
  /** The management API of the same broker, as the user of operations. */
  managementUrl: string;
  smtpUrl: string;
  smsUrl: string;
  /** The push service that stands in for those of browsers. */
  webPushUrl: string;
  /** The inbox over HTTP, with MailHog's API; undefined when mail goes to a server of yours. */
  mailUrl: string | undefined;
  /** Services by name: `http://127.0.0.1:4000`. */
  serviceUrl: (service: string) => string;
  /** Every copy of one, the first included. */
  serviceUrls: (service: string) => string[];
  /** Where the pages come from: origins that may use the APIs. */
  pageOrigins: readonly string[];
  /** The same as browsers on this machine find them. */
  publicUrl: (service: string) => string;
  /** The API key of one of `servicesWithKey`. */
  serviceKey: (service: string) => string;
  /** Keys of operators as `name=key`, separated by commas. */
  operatorKeys: string;
  /** Encrypts private keys in the database; empty where they are plain. */
  keyEncryptionKey: string;
  /** Demo accounts and keys. */
  demo: boolean;
}

export interface Service {
  name: string;
  /** From the root of the repository. */
  entry: string;
  /** Where everybody looks for it; undefined for a further copy. */
  port: number | undefined;
  /** Overrides the port. */
  portVariable: string;
  /** It keeps tables, as the role `payfan_<name>`. */
  hasDatabase: boolean;
  /** Works off a queue, as the role of the service that it is a part of: it answers probes and nothing else. */
  worksFor?: string;
  /** What it needs beside PORT. */
  environment: (around: Surroundings) => Record<string, string>;
}

/** A program of the table below, with what follows from its name. */
function service(name: string, port: number, rest: Pick<Service, 'hasDatabase' | 'environment'>): Service {
  return {
    name,
    entry: `services/${name}/dist/main.js`,
    port,
    portVariable: variableOf(name, 'PORT'),
    ...rest,
  };
}

/** What tells people. What a channel reaches them by is its own matter. */
function channel(
  name: string,
  port: number,
  provider: (around: Surroundings) => Record<string, string> = () => ({}),
): Service {
  return service(name, port, {
    hasDatabase: true,
    environment: (around) => ({
      DATABASE_URL: around.databaseUrl(name),
      AMQP_URL: around.amqpUrl(name),
      TRANSACTION_URL: around.serviceUrl('transaction'),
      SERVICE_KEY: around.serviceKey(name),
      ALLOWED_ORIGINS: around.pageOrigins.join(','),
      ...provider(around),
    }),
  });
}

/** Every channel. A new one is one more line here. */
const channels: readonly Service[] = [
  channel('push', 4041, ({ demo, webPushUrl, keyEncryptionKey }) => ({
    PAYFAN_DEMO: String(demo),
    WEB_PUSH_SANDBOX_URL: webPushUrl,
    KEY_ENCRYPTION_KEY: keyEncryptionKey,
  })),
  channel('phone', 4042, ({ smsUrl }) => ({ SMS_URL: smsUrl })),
  channel('email', 4043, ({ smtpUrl }) => ({ SMTP_URL: smtpUrl })),
];

export const channelNames: readonly string[] = channels.map(({ name }) => name);

/** One lane's workers of payouts: the same program, of another size. */
function payoutWorker(lane: 'premium' | 'free', port: number, concurrency: number): Service {
  const worker = service(`payout-worker-${lane}`, port, {
    hasDatabase: false,
    environment: (around) => ({
      DATABASE_URL: around.databaseUrl('payout'),
      AMQP_URL: around.amqpUrl('payout'),
      TRANSACTION_URL: around.serviceUrl('transaction'),
      SERVICE_KEY: around.serviceKey('payout'),
      CHANNELS: channelNames.join(','),
      LANE: lane,
      CONCURRENCY: String(concurrency),
    }),
  });
  return { ...worker, entry: 'services/payout/dist/worker-main.js', worksFor: 'payout' };
}

/** What each service may ask of others with its API key (GRANT_FORMS in shared/contracts). */
const GRANTS: Record<string, readonly string[]> = {
  gateway: ['feeds', 'payout-owners', 'client-address'],
  payout: ['batch', 'client-address'],
  ...Object.fromEntries(channelNames.map((name) => [name, ['client-address']])),
  operations: ['client-address'],
  web: ['client-address'],
};

/** Services that have an API key of their own. */
export const servicesWithKey: readonly string[] = Object.keys(GRANTS);

/** Every service of the stack; the world outside (sandbox.ts) comes before them. */
export const services: readonly Service[] = [
  service('transaction', 4000, {
    hasDatabase: true,
    environment: (around) => ({
      DATABASE_URL: around.databaseUrl('transaction'),
      AMQP_URL: around.amqpUrl('transaction'),
      CHANNELS: channelNames.join(','),
      PAYFAN_DEMO: String(around.demo),
      ALLOWED_ORIGINS: around.pageOrigins.join(','),
      OPERATOR_KEYS: around.operatorKeys,
      KEY_ENCRYPTION_KEY: around.keyEncryptionKey,
      SERVICE_KEYS: servicesWithKey.map((name) => `${name}=${around.serviceKey(name)}`).join(','),
      SERVICE_GRANTS: Object.entries(GRANTS)
        .map(([name, grants]) => `${name}=${grants.join('|')}`)
        .join(','),
    }),
  }),
  ...channels,
  service('gateway', 4010, {
    hasDatabase: false,
    environment: (around) => ({
      AMQP_URL: around.amqpUrl('gateway'),
      TRANSACTION_URL: around.serviceUrl('transaction'),
      PUSH_URL: around.serviceUrl('push'),
      PAYOUT_URL: around.serviceUrl('payout'),
      SERVICE_KEY: around.serviceKey('gateway'),
      ALLOWED_ORIGINS: around.pageOrigins.join(','),
      // Everybody comes from this machine, or through the one door of the containers.
      CONNECTIONS_PER_ADDRESS: '20000',
    }),
  }),
  service('payout', 4020, {
    hasDatabase: true,
    environment: (around) => ({
      DATABASE_URL: around.databaseUrl('payout'),
      AMQP_URL: around.amqpUrl('payout'),
      TRANSACTION_URL: around.serviceUrl('transaction'),
      SERVICE_KEY: around.serviceKey('payout'),
      ALLOWED_ORIGINS: around.pageOrigins.join(','),
      CHANNELS: channelNames.join(','),
    }),
  }),
  payoutWorker('premium', 4021, 4),
  payoutWorker('free', 4022, 1),
  service('operations', 4030, {
    hasDatabase: false,
    environment: (around) => ({
      TRANSACTION_URL: around.serviceUrl('transaction'),
      SERVICE_KEY: around.serviceKey('operations'),
      ALLOWED_ORIGINS: around.pageOrigins.join(','),
      CHANNELS: channels.map(({ name }) => `${name}=${around.serviceUrl(name)}`).join(','),
      PAYOUT_URL: around.serviceUrl('payout'),
      GATEWAY_URLS: around.serviceUrls('gateway').join(','),
      RABBITMQ_MANAGEMENT_URL: around.managementUrl,
      RABBITMQ_VHOST: vhostOf(around.amqpUrl('operations')),
    }),
  }),
];

/**
 * The pages for people. Not among the services above: nobody needs it but people, and its libraries weigh more than
 * all the rest, so that `npm start` alone builds and starts it, when the rest is up.
 */
export const web: Service = {
  ...service('web', 3000, {
    hasDatabase: false,
    environment: (around) => ({
      // Next listens there; without it a container would answer to its own name only.
      HOSTNAME: bindAddress(),
      PAYFAN_DEMO: String(around.demo),
      TRANSACTION_URL: around.serviceUrl('transaction'),
      SERVICE_KEY: around.serviceKey('web'),
      PUBLIC_TRANSACTION_URL: around.publicUrl('transaction'),
      PUBLIC_GATEWAY_URL: around.publicUrl('gateway'),
      PUBLIC_PAYOUT_URL: around.publicUrl('payout'),
      PUBLIC_OPERATIONS_URL: around.publicUrl('operations'),
      PUBLIC_PUSH_URL: around.publicUrl('push'),
      MAIL_URL: around.mailUrl ?? '',
      SMS_URL: around.smsUrl,
    }),
  }),
  entry: 'services/web/.next/standalone/services/web/server.js',
};

/** An AMQP URL names its vhost by its path; without one it is the usual vhost. */
export function vhostOf(amqpUrl: string): string {
  const [first = amqpUrl] = amqpUrl.split(',');
  return decodeURIComponent(new URL(first).pathname.slice(1)) || '/';
}

/** The services that keep tables. */
export const servicesWithDatabase: readonly string[] = services
  .filter(({ hasDatabase }) => hasDatabase)
  .map(({ name }) => name);
