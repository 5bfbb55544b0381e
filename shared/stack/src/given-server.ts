import { canConnect } from './ports.ts';

/** Where URLs that name no port lead to. */
const PORTS: Readonly<Record<string, number>> = {
  'postgres:': 5432,
  'postgresql:': 5432,
  'amqp:': 5672,
  'amqps:': 5671,
  'http:': 80,
  'https:': 443,
};

class ServerAway extends Error {
  constructor(urls: readonly URL[], variable: string, cause: string) {
    // Not the URL: it may hold a password.
    const hosts = urls.map(({ host }) => host).join(' or ');
    super(
      `Nothing answers at ${hosts} (${cause}). Start it, or say in ${variable} where it is; without a server of ` +
        'yours, Payfan starts its own.',
    );
    this.name = 'ServerAway';
  }
}

/** Resolves if one of these servers of yours takes connections; else the start ends with a sentence about `variable`. */
export async function expectServer(urls: readonly URL[], variable: string): Promise<void> {
  const tries = urls.map(({ hostname, port, protocol }) =>
    canConnect(Number(port) || (PORTS[protocol] ?? 0), hostname.replace(/^\[|\]$/g, '')),
  );
  const ends = await Promise.allSettled(tries);
  if (ends.some(({ status }) => status === 'fulfilled')) return;
  const causes = ends.map((end) => (end.status === 'rejected' ? (end.reason as Error).message : ''));
  throw new ServerAway(urls, variable, causes.join('; '));
}
