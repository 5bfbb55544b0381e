import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createApi,
  createHealth,
  createLogger,
  createMetrics,
  httpServer,
  type HttpServer,
} from '@payfan/service';
import { deliveryRoutes } from './deliveries.ts';

const TRANSFER_ID = '01940000-0000-7000-8000-000000000001';
const logger = createLogger({ service: 'operations', level: 'silent' });

/** A service of ours, reduced to what it answers. */
async function stub(listener: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

const delivery = (channel: string, role: string) => ({
  channel,
  role,
  recipient: 'r***@example.com',
  status: 'sent',
  attempts: 1,
  provider: 'smtp',
  reference: 'x',
  error: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  sentAt: '2026-01-01T00:00:00.010Z',
  latencyMs: 10,
});

const open: (Server | HttpServer)[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) {
    if ('stop' in server) await server.stop();
    else await new Promise((resolve) => server.close(resolve).closeAllConnections());
  }
});

/** Starts operations over these stand-ins and asks it for the transfer's deliveries. */
async function ask(transaction: RequestListener, channels: Record<string, RequestListener | string>) {
  const urls = new Map<string, string>();
  for (const [name, channel] of Object.entries(channels)) {
    if (typeof channel === 'string') urls.set(name, channel);
    else {
      const { url, server } = await stub(channel);
      open.push(server);
      urls.set(name, url);
    }
  }
  const { url: transactionUrl, server } = await stub(transaction);
  open.push(server);
  const api = createApi({
    title: 'operations',
    description: '',
    version: '1',
    logger,
    health: createHealth({}),
    metrics: createMetrics('operations'),
    authenticate: () => Promise.resolve({ kind: 'operator' }),
  });
  deliveryRoutes(api, { transactionUrl, channels: urls, logger });
  const operations = httpServer({ api, port: 0, logger, host: '127.0.0.1' });
  await operations.start();
  open.push(operations);
  const response = await fetch(`http://127.0.0.1:${operations.port}/v1/transfers/${TRANSFER_ID}/deliveries`, {
    headers: { authorization: 'Bearer secret', 'x-correlation-id': 'corr-7' },
  });
  return {
    status: response.status,
    body: (await response.json()) as { data?: unknown[]; unavailable?: string[]; code?: string },
  };
}

const json =
  (status: number, body: unknown): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

test('puts the channels together, asking each as the caller and within the same trace', async () => {
  const seen: string[] = [];
  const channel =
    (name: string): RequestListener =>
    (request, response) => {
      seen.push(
        `${name} ${request.headers.authorization} ${String(request.headers['x-correlation-id'])} ${request.url}`,
      );
      json(200, { data: [delivery(name, 'payer'), delivery(name, 'payee')] })(request, response);
    };
  const { status, body } = await ask(json(200, {}), { push: channel('push'), email: channel('email') });
  expect(status).toBe(200);
  expect(body.data).toEqual([
    delivery('push', 'payer'),
    delivery('push', 'payee'),
    delivery('email', 'payer'),
    delivery('email', 'payee'),
  ]);
  expect(body.unavailable).toEqual([]);
  expect(seen.sort()).toEqual([
    `email Bearer secret corr-7 /v1/deliveries?transferId=${TRANSFER_ID}`,
    `push Bearer secret corr-7 /v1/deliveries?transferId=${TRANSFER_ID}`,
  ]);
});

test('a channel that is down, fails or answers nonsense is named, and the others are shown', async () => {
  const { status, body } = await ask(json(200, {}), {
    push: json(200, { data: [delivery('push', 'payer')] }),
    phone: 'http://127.0.0.1:1',
    email: json(500, {}),
    pigeon: json(200, { data: [{ channel: 'pigeon' }] }),
  });
  expect(status).toBe(200);
  expect(body.data).toHaveLength(1);
  expect(body.unavailable).toEqual(['phone', 'email', 'pigeon']);
});

test.each([
  [404, 404, 'not_found'],
  [403, 403, 'forbidden'],
  [401, 401, 'unauthenticated'],
  [500, 503, 'temporarily_unavailable'],
])('a transaction service that answers %i is passed on as %i', async (answered, status, code) => {
  const channel = jest.fn();
  const answer = await ask(json(answered, {}), { push: channel });
  expect(answer).toMatchObject({ status, body: { code } });
  expect(channel).not.toHaveBeenCalled();
});
