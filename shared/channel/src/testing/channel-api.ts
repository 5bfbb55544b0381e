import type { Database } from '@payfan/database';
import {
  createApi,
  createHealth,
  createLogger,
  createMetrics,
  httpServer,
  type Principal,
} from '@payfan/service';
import { deadLetterRoutes } from '../http/dead-letters.ts';
import { deliveryRoutes } from '../http/deliveries.ts';
import { channelMetrics, registerOpenLetters } from '../metrics.ts';
import type { ReplayAround } from '../replay.ts';

interface ChannelApiOptions {
  channel: string;
  database: Database;
  /** None unless told: nothing is published. */
  broker?: ReplayAround['broker'];
  /** Who holds which key, beside the operator's and a service's. */
  people?: Record<string, Principal>;
  nowMs?: () => number;
}

export interface Answer<Body = never> {
  status: number;
  headers: Headers;
  body: Body;
}

const NONE: ReplayAround['broker'] = {
  publishable: false,
  publish: () => Promise.reject(new Error('nothing is published here')),
};

/** A channel's API on a port of its own. Keys are `operator`, `service` and those of `people`. */
export async function startChannelApi({ channel, database, broker = NONE, ...options }: ChannelApiOptions) {
  const people: Record<string, Principal> = {
    ...options.people,
    operator: { kind: 'operator', name: 'operator' },
    service: { kind: 'service', name: 'web', grants: ['deliveries'] },
    other: { kind: 'service', name: 'shop', grants: ['feeds'] },
  };
  const logger = createLogger({ service: channel, level: 'silent' });
  const registry = createMetrics(channel);
  const metrics = channelMetrics(registry);
  registerOpenLetters(registry, database);
  const api = createApi({
    title: channel,
    description: '',
    version: '1',
    logger,
    health: createHealth({}),
    metrics: registry,
    authenticate: (key) => Promise.resolve(people[key]),
  });
  deliveryRoutes(api, { name: channel, database });
  const { nowMs = () => performance.now() } = options;
  deadLetterRoutes(api, { channel, database, broker, logger, metrics, nowMs });
  const server = httpServer({ api, port: 0, logger, http: { host: '127.0.0.1' } });
  await server.start();

  async function call<Body>(path: string, key: string, init: RequestInit = {}): Promise<Answer<Body>> {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
  }
  return {
    get: <Body>(path: string, key = 'operator') => call<Body>(path, key),
    post: <Body>(path: string, body: object, key = 'operator') =>
      call<Body>(path, key, { method: 'POST', body: JSON.stringify(body) }),
    metrics: () => registry.metrics(),
    stop: () => server.stop(),
  };
}
