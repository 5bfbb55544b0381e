import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { variableOf } from '@payfan/contracts';
import { setting } from './setting.ts';

/** Passwords of database roles and RabbitMQ users, and keys of services: made once, and kept beside the data. */
export interface Secrets {
  postgres: string;
  /** Passwords of database roles, by service. */
  services: Record<string, string>;
  /** Passwords of RabbitMQ's users, by service. */
  broker: Record<string, string>;
  /** API keys, by service. */
  keys: Record<string, string>;
}

export interface SecretHolders {
  /** Services with a role of their own in the database. */
  withDatabase: readonly string[];
  /** Services with a user of their own at RabbitMQ. */
  withBroker: readonly string[];
  /** Services with an API key of their own. */
  withKey: readonly string[];
}

/**
 * Reads the secrets kept in `folder`, or makes them. `<SERVICE>_DB_PASSWORD`, `<SERVICE>_AMQP_PASSWORD` and
 * `<SERVICE>_KEY` override one.
 */
export function loadSecrets(
  folder: string,
  { withDatabase, withBroker, withKey }: SecretHolders,
  env: NodeJS.ProcessEnv = process.env,
): Secrets {
  const file = path.join(folder, 'secrets.json');
  const kept = read(file);
  const secrets = {
    postgres: kept?.postgres ?? randomSecret(),
    services: secretsOf(withDatabase, kept?.services),
    broker: secretsOf(withBroker, kept?.broker),
    // Programs alone hold their keys, so a short one that an earlier version made can be replaced.
    keys: secretsOf(withKey, Object.fromEntries(Object.entries(kept?.keys ?? {}).filter(isLongKey))),
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  return {
    ...secrets,
    services: overridden(secrets.services, 'DB_PASSWORD', env),
    broker: overridden(secrets.broker, 'AMQP_PASSWORD', env),
    keys: overridden(secrets.keys, 'KEY', env),
  };
}

/** Outside a demo the transaction service refuses keys that are shorter than 32 characters. */
const randomSecret = () => randomBytes(24).toString('hex');

const secretsOf = (names: readonly string[], kept: Record<string, string> = {}): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, kept[name] ?? randomSecret()]));

const isLongKey = ([, key]: [string, string]) => key.length >= 32;

const overridden = (
  secrets: Record<string, string>,
  suffix: string,
  env: NodeJS.ProcessEnv,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(secrets).map(([name, made]) => [name, setting(variableOf(name, suffix), env) ?? made]),
  );

/** Those that an earlier version kept may be fewer. */
function read(file: string): Partial<Secrets> | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Partial<Secrets>;
  } catch {
    return undefined;
  }
}
