import { openDatabase, type Database } from '@payfan/database';
import {
  createApi,
  createHealth,
  createLogger,
  createMetrics,
  httpServer,
  type Api,
  type Principal,
} from '@payfan/service';
import { freshDatabase } from '@payfan/stack/testing';

/** For tests: the doors of push on a database of their own, where whoever says a name is who is listed under it. */
export async function startPushApi(
  people: Record<string, Principal>,
  routes: (api: Api, database: Database) => void,
) {
  const fresh = await freshDatabase();
  const database = openDatabase({ url: fresh.urlFor('push'), name: 'push' });
  const logger = createLogger({ service: 'push', level: 'silent' });
  const api = createApi({
    title: 'push',
    description: '',
    version: '1',
    logger,
    health: createHealth({}),
    metrics: createMetrics('push'),
    authenticate: (key) => Promise.resolve(people[key]),
  });
  routes(api, database);
  const server = httpServer({ api, port: 0, logger, http: { host: '127.0.0.1' } });
  await server.start();
  return {
    database,
    adminUrl: fresh.adminUrl,
    async call(method: string, path: string, key: string, body?: unknown) {
      const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
    },
    async stop() {
      await server.stop();
      await database.stop();
      await fresh.drop();
    },
  };
}
