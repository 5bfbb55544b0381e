import { createHealth } from '../health.ts';
import { createLogger } from '../logger.ts';
import { createMetrics } from '../metrics.ts';
import { createApi } from './api.ts';
import { httpServer } from './server.ts';
import type { Health } from '../health.ts';
import type { Api, ApiOptions } from './api.ts';
import type { HttpServer } from './server.ts';

export interface RunningApi {
  readonly server: HttpServer;
  readonly url: string;
  readonly health: Health;
  /** What was logged, as objects. */
  readonly lines: Record<string, unknown>[];
}

const running: HttpServer[] = [];

/** For tests: an API with these routes on a free port. End it with `stopApis()`. */
export async function startApi(
  define: (api: Api) => void,
  options: Partial<ApiOptions> = {},
): Promise<RunningApi> {
  const lines: Record<string, unknown>[] = [];
  const destination = {
    write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  };
  const logger = createLogger({ service: 'test', level: 'info', destination });
  const health = options.health ?? createHealth({});
  const api = createApi({
    title: 'Things <&> tests',
    description: 'An API for tests',
    version: '1.2.3',
    logger,
    metrics: createMetrics('test'),
    ...options,
    health,
  });
  define(api);
  const server = httpServer({ api, port: 0, http: { host: '127.0.0.1' }, logger });
  running.push(server);
  await server.start();
  return { server, url: `http://127.0.0.1:${server.port}`, health, lines };
}

export async function stopApis(): Promise<void> {
  await Promise.all(running.splice(0).map((server) => server.stop()));
}
