import path from 'node:path';

const SERVICES = path.resolve(__dirname, '../../services');

/** Which `config.ts` reads a program's environment, and by what. */
function readerOf(name: string): { service: string; reads: string } {
  if (name.startsWith('payout-worker-')) return { service: 'payout', reads: 'workerConfig' };
  return { service: name, reads: name === 'payout' ? 'apiConfig' : 'config' };
}

/**
 * Has a program's own `config.ts` read `environment`. Services are not this project's libraries, so the file is found
 * by its path.
 *
 * @returns the names that it asked for
 * @throws what it says about variables that are wrong or missing
 */
export async function namesRead(name: string, environment: Record<string, string>): Promise<Set<string>> {
  const { service, reads } = readerOf(name);
  const file = path.join(SERVICES, service, 'src/config.ts');
  const module = (await import(file)) as Record<string, () => unknown>;
  const asked = new Set<string>();
  const own = process.env;
  process.env = new Proxy(environment, {
    get(target, key) {
      if (typeof key === 'string') asked.add(key);
      return Reflect.get(target, key) as string | undefined;
    },
  });
  try {
    module[reads]?.();
  } finally {
    process.env = own;
  }
  return asked;
}
