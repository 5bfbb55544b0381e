import { isIP } from 'node:net';
import { variableOf } from '@payfan/contracts';

/** A variable of the environment; one that is set to nothing is not set. */
export function setting(name: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const value = env[name];
  return value === '' ? undefined : value;
}

/** A variable for each service: `EMAIL_DB_PASSWORD`. */
export const variablesOf = (values: Record<string, string>, name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([service, value]) => [variableOf(service, name), value]));

/**
 * What is said of one service alone: `EMAIL_CONCURRENCY` is email's `CONCURRENCY`. Further copies heed what is said of
 * the first, and what is said of them: `GATEWAY_2_LOG_LEVEL`. Ports are chosen elsewhere.
 */
export function settingsOf(service: string, env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const found: Record<string, string> = {};
  for (const one of new Set([service.replace(/-\d+$/, ''), service])) {
    const prefix = variableOf(one, '');
    for (const name of Object.keys(env)) {
      const value = setting(name, env);
      if (name.startsWith(prefix) && value !== undefined) found[name.slice(prefix.length)] = value;
    }
  }
  delete found['PORT'];
  return found;
}

/** Variables of `npm start` that it hands to every service as they are. */
export function settingsOfAll(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of ['METRICS_TOKEN', 'API_DOCS']) {
    const value = setting(name, env);
    if (value !== undefined) found[name] = value;
  }
  return found;
}

class WrongBind extends Error {
  constructor(value: string) {
    super(
      `PAYFAN_BIND must be an IP address of this machine, such as 127.0.0.1, or 0.0.0.0 for all interfaces, but it is ` +
        `${JSON.stringify(value)}.`,
    );
    this.name = 'WrongBind';
  }
}

/**
 * The IP address on which programs listen: this machine alone unless PAYFAN_BIND says otherwise, as the demo's keys
 * are public.
 */
export function bindAddress(env: NodeJS.ProcessEnv = process.env): string {
  const address = setting('PAYFAN_BIND', env)?.trim() ?? '127.0.0.1';
  if (isIP(address) === 0) throw new WrongBind(address);
  return address;
}

/** Where a program that listens on `bindAddress()` is reached from this machine, as the host of a URL. */
export function localHost(env: NodeJS.ProcessEnv = process.env): string {
  const address = bindAddress(env);
  if (address === '0.0.0.0') return '127.0.0.1';
  if (address === '::') return '[::1]';
  return isIP(address) === 6 ? `[${address}]` : address;
}
