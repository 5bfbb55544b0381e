import type { RequestListener } from 'node:http';
import { deliveryRoutes } from './deliveries.ts';
import { Bench, json, NOBODY, silent } from './testing.ts';

const ID = '01940000-0000-7000-8000-000000000001';

const delivery = (channel: string, role: string) => ({
  channel,
  role,
  recipient: 'r***@example.com',
  status: 'sent',
  attempts: 1,
  provider: 'smtp',
  reference: 'x',
  error: null,
  nextAttemptAt: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  sentAt: '2026-01-01T00:00:00.010Z',
  latencyMs: 10,
  pausedSeconds: 0,
});

const bench = new Bench();
afterEach(() => bench.close());

/** Starts operations over these stand-ins and asks it for the deliveries of a transfer or a payout. */
async function ask(
  keeper: RequestListener,
  channels: Record<string, RequestListener | string>,
  kind: 'transfer' | 'payout' = 'transfer',
) {
  const keeperUrl = await bench.standIn(keeper);
  const [transactionUrl, payoutUrl] = kind === 'transfer' ? [keeperUrl, NOBODY] : [NOBODY, keeperUrl];
  const urls = await bench.channels(channels);
  const get = await bench.operations<{ data?: unknown[]; unavailable?: string[]; code?: string }>((api) =>
    deliveryRoutes(api, { transactionUrl, payoutUrl, channels: urls, logger: silent }),
  );
  return get(`/v1/${kind}s/${ID}/deliveries`);
}

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
    `email Bearer secret corr-7 /v1/deliveries?transferId=${ID}`,
    `push Bearer secret corr-7 /v1/deliveries?transferId=${ID}`,
  ]);
});

test('a channel that is down, fails or answers nonsense is named, and the others are shown', async () => {
  const { status, body } = await ask(json(200, {}), {
    push: json(200, { data: [delivery('push', 'payer')] }),
    phone: NOBODY,
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

describe('of a payout', () => {
  test('are those of its owner, asked of every channel as the caller who may see it', async () => {
    const seen: unknown[] = [];
    const keeper: RequestListener = (request, response) => {
      seen.push([request.headers.authorization, request.url]);
      json(200, {})(request, response);
    };
    const channel: RequestListener = (request, response) => {
      seen.push([request.headers.authorization, request.url]);
      json(200, { data: [delivery('push', 'payer')] })(request, response);
    };
    const { status, body } = await ask(keeper, { push: channel, phone: NOBODY }, 'payout');
    expect(status).toBe(200);
    expect(body).toEqual({ data: [delivery('push', 'payer')], unavailable: ['phone'] });
    expect(seen).toEqual([
      ['Bearer secret', `/v1/payouts/${ID}`],
      ['Bearer secret', `/v1/deliveries?payoutId=${ID}`],
    ]);
  });

  test.each([
    [404, 404, 'not_found'],
    [403, 403, 'forbidden'],
    [500, 503, 'temporarily_unavailable'],
  ])('are not shown to whom payout answers %i: %i', async (answered, status, code) => {
    const channel = jest.fn();
    const answer = await ask(json(answered, {}), { push: channel }, 'payout');
    expect(answer).toMatchObject({ status, body: { code } });
    expect(channel).not.toHaveBeenCalled();
  });
});
