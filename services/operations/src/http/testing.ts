import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createApi,
  createHealth,
  createLogger,
  createMetrics,
  httpServer,
  type Api,
  type HttpServer,
  type Logger,
  type Principal,
} from '@payfan/service';

export const silent: Logger = createLogger({ service: 'operations', level: 'silent' });

/** Where nobody listens: a port that only root may take, and that fetch does not refuse by itself. */
export const NOBODY = 'http://127.0.0.1:2';

interface Asked {
  method?: string;
  body?: object;
}

export type Ask<Body> = (path: string, asked?: Asked) => Promise<{ status: number; body: Body }>;

/** Operations over stand-ins that fail as no real service would on demand. Close it after each test. */
export class Bench {
  readonly #open: (Server | HttpServer)[] = [];

  /** A service of ours, reduced to what it answers. */
  async standIn(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.#open.push(server);
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** A stand-in for each channel; a text is an address already. */
  async channels(listeners: Record<string, RequestListener | string>): Promise<Map<string, string>> {
    const urls = new Map<string, string>();
    for (const [name, listener] of Object.entries(listeners)) {
      urls.set(name, typeof listener === 'string' ? listener : await this.standIn(listener));
    }
    return urls;
  }

  /**
   * Starts an API with these routes, for which every caller is `principal`. Answers how to ask it; `Body` is
   * what the test expects.
   */
  async operations<Body>(
    routes: (api: Api) => void,
    principal: Principal = { kind: 'operator', name: 'operator' },
  ): Promise<Ask<Body>> {
    const api = createApi({
      title: 'operations',
      description: '',
      version: '1',
      logger: silent,
      health: createHealth({}),
      metrics: createMetrics('operations'),
      authenticate: () => Promise.resolve(principal),
    });
    routes(api);
    const server = httpServer({ api, port: 0, logger: silent, http: { host: '127.0.0.1' } });
    await server.start();
    this.#open.push(server);
    return async (path: string, { method = 'GET', body }: Asked = {}) => {
      const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
        method,
        headers: {
          authorization: 'Bearer secret',
          'x-correlation-id': 'corr-7',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: (await response.json()) as Body };
    };
  }

  async close(): Promise<void> {
    for (const server of this.#open.splice(0)) {
      if ('stop' in server) await server.stop();
      else await new Promise((resolve) => server.close(resolve).closeAllConnections());
    }
  }
}

/** Answers with JSON, whatever is asked. */
export const json =
  (status: number, body: unknown): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
