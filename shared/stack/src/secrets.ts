import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setting } from './setting.ts';

/** Passwords of the database's roles, made once and kept beside the data that knows them. */
export interface Secrets {
  postgres: string;
  /** By service. */
  services: Record<string, string>;
}

/** Reads the passwords kept in `folder`, or makes them. `<SERVICE>_DB_PASSWORD` overrides one. */
export function loadSecrets(
  folder: string,
  serviceNames: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Secrets {
  const file = path.join(folder, 'secrets.json');
  const kept = read(file);
  const services = Object.fromEntries(
    serviceNames.map((name) => [name, kept?.services[name] ?? randomBytes(12).toString('hex')]),
  );
  const secrets = { postgres: kept?.postgres ?? randomBytes(12).toString('hex'), services };
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  for (const name of serviceNames) {
    const given = setting(`${name.toUpperCase()}_DB_PASSWORD`, env);
    if (given !== undefined) secrets.services[name] = given;
  }
  return secrets;
}

function read(file: string): Secrets | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Secrets;
  } catch {
    return undefined;
  }
}
