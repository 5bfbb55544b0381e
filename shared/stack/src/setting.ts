/** A variable of the environment; one that is set to nothing is not set. */
export function setting(name: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const value = env[name];
  return value === '' ? undefined : value;
}

/** What a variable of a service is called where there are several: `PAYOUT_WORKER_FREE_PORT`. */
export const variableOf = (service: string, name: string): string =>
  `${service.toUpperCase().replaceAll('-', '_')}_${name}`;

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
