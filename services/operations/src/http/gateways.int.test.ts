import { createServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer, globalAgent } from 'node:https';
import type { AddressInfo } from 'node:net';
import { ROUTE_GRANTS, type Gateway } from '@payfan/contracts';
import type { Principal } from '@payfan/service';
import { testAuthority } from '@payfan/stack/testing';
import type { Resolve } from '../gateway-addresses.ts';
import { gatewayRoutes } from './gateways.ts';
import { Bench, json, NOBODY, silent } from './testing.ts';

const bench = new Bench();
afterEach(() => bench.close());

const status = (id: string) => ({
  id,
  connections: { websocket: 3, sse: 2, polling: 1 },
  topics: 4,
  draining: false,
  uptimeSeconds: 60,
});
const unknown = { connections: null, topics: null, draining: null, uptimeSeconds: null };

interface Answer {
  data: Gateway[];
  code?: string;
}

function ask(gatewayUrls: string[], principal?: Principal, resolve?: Resolve) {
  return bench.operations<Answer>(
    (api) => gatewayRoutes(api, { gatewayUrls, logger: silent, ...(resolve && { resolve }) }),
    principal,
  );
}

test('lists every gateway, asked as the caller, and those that do not answer with the reason', async () => {
  const seen: unknown[] = [];
  const well = await bench.standIn((request, response) => {
    seen.push([request.headers.authorization, request.url]);
    json(200, status('one'))(request, response);
  });
  const failing = await bench.standIn(json(500, {}));
  const other = await bench.standIn(json(200, { hello: 'there' }));
  const page = await bench.standIn((_request, response) => response.end('<html>'));
  const get = await ask([well, NOBODY, failing, other, page, 'http://no-such-host.invalid:4010']);
  const answer = await get('/v1/gateways');
  expect(answer.status).toBe(200);
  expect(answer.body.data).toEqual([
    { ...status('one'), address: well, error: null },
    { id: NOBODY, address: NOBODY, ...unknown, error: 'It cannot be reached (ECONNREFUSED).' },
    { id: failing, address: failing, ...unknown, error: 'It answered 500.' },
    { id: other, address: other, ...unknown, error: 'It answered as no gateway does.' },
    { id: page, address: page, ...unknown, error: 'It answered as no gateway does.' },
    {
      id: 'http://no-such-host.invalid:4010',
      address: 'http://no-such-host.invalid:4010',
      ...unknown,
      error: expect.stringMatching(/^It cannot be reached \(E\w+\)\.$/),
    },
  ]);
  expect(seen).toEqual([['Bearer secret', '/v1/gateway']]);
});

describe('a host name of several addresses', () => {
  const server = createServer((request, response) => {
    const { localAddress = '' } = request.socket;
    json(200, status(`gateway at ${localAddress}`))(request, response);
  });
  let port = 0;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(() => new Promise((resolve) => server.close(resolve).closeAllConnections()));

  test('is as many gateways, each asked at its own', async () => {
    const resolve: Resolve = (name) =>
      Promise.resolve(
        name === 'gateway'
          ? [
              { address: '127.0.0.1', family: 4 },
              { address: '127.0.0.2', family: 4 },
              { address: '::1', family: 6 },
            ]
          : [],
      );
    const get = await ask([`http://gateway:${port}`], undefined, resolve);
    const { body } = await get('/v1/gateways');
    expect(body.data.map(({ id, address, error }) => ({ id, address, error }))).toEqual(
      ['127.0.0.1', '127.0.0.2'].map((at) => ({
        id: `gateway at ${at}`,
        address: `http://${at}:${port}`,
        error: null,
      })),
    );
  });

  test('one that two names lead to is there once', async () => {
    const get = await ask([`http://127.0.0.1:${port}`, `http://localhost:${port}`], undefined, () =>
      Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
    );
    expect((await get('/v1/gateways')).body.data).toHaveLength(1);
  });
});

describe('a host name of several addresses, by https', () => {
  const authority = testAuthority();
  const { certificate: cert, key } = authority.issue({ hosts: ['gateways'] });
  const server = createHttpsServer({ cert, key }, (request, response) => {
    const { localAddress = '' } = request.socket;
    const id = `gateway at ${localAddress}`;
    json(request.method === 'POST' ? 202 : 200, { ...status(id), draining: request.method === 'POST' })(
      request,
      response,
    );
  });
  const resolve: Resolve = () =>
    Promise.resolve(['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 })));
  let port = 0;
  beforeAll(async () => {
    await new Promise<void>((started) => server.listen(0, '0.0.0.0', started));
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(() => {
    delete globalAgent.options.ca;
    globalAgent.destroy();
  });
  afterAll(() => new Promise((ended) => server.close(ended).closeAllConnections()));

  test('is as many gateways, each asked and drained at its own', async () => {
    // What NODE_EXTRA_CA_CERTS does for a program.
    globalAgent.options.ca = authority.certificate;
    const get = await ask([`https://gateways:${port}`], undefined, resolve);
    const { body } = await get('/v1/gateways');
    expect(body.data.map(({ id, address }) => [id, address])).toEqual(
      ['127.0.0.1', '127.0.0.2'].map((at) => [`gateway at ${at}`, `https://${at}:${port}`]),
    );
    const drained = await get(`/v1/gateways/${encodeURIComponent('gateway at 127.0.0.2')}/drain`, {
      method: 'POST',
    });
    expect(drained).toMatchObject({ status: 202, body: { id: 'gateway at 127.0.0.2' } });
  });

  test.each([
    ['whose CA is unknown', 'gateways', undefined, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    [
      'whose certificate is for another name',
      'others',
      authority.certificate,
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ],
  ])('one %s is listed with that reason', async (_how, name, ca, code) => {
    if (ca !== undefined) globalAgent.options.ca = ca;
    const get = await ask([`https://${name}:${port}`], undefined, resolve);
    const { body } = await get('/v1/gateways');
    expect(body.data.map(({ error }) => error)).toEqual(Array(2).fill(`It cannot be reached (${code}).`));
  });
});

describe('draining', () => {
  /** A gateway `one` that answers so to whoever wants to drain it. */
  const gateway = (drain: RequestListener) =>
    bench.standIn((request, response) =>
      (request.method === 'POST' ? drain : json(200, status('one')))(request, response),
    );
  const post = { method: 'POST' };

  test('is passed on to the gateway of that id', async () => {
    const asked: unknown[] = [];
    const url = await gateway((request, response) => {
      asked.push([request.url, request.headers.authorization]);
      json(202, { id: 'one', draining: true })(request, response);
    });
    const get = await ask([NOBODY, url]);
    expect(await get('/v1/gateways/one/drain', post)).toEqual({
      status: 202,
      body: { id: 'one', draining: true },
    });
    expect(asked).toEqual([['/v1/gateway/one/drain', 'Bearer secret']]);
  });

  test('of an id that no gateway has is refused', async () => {
    const get = await ask([await gateway(json(500, {}))]);
    expect(await get('/v1/gateways/two/drain', post)).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    });
  });

  test('of one that has just gone, with another in its place, is refused', async () => {
    const get = await ask([await gateway(json(404, {}))]);
    expect((await get('/v1/gateways/one/drain', post)).status).toBe(404);
  });

  test.each(['one', encodeURIComponent(NOBODY)])('of %s, which fails or is away, is 503', async (id) => {
    const get = await ask([NOBODY, await gateway(json(500, {}))]);
    expect(await get(`/v1/gateways/${id}/drain`, post)).toMatchObject({
      status: 503,
      body: { code: 'temporarily_unavailable' },
    });
  });
});

test('is for operators only', async () => {
  const get = await ask([NOBODY], { kind: 'service', name: 'web', grants: [...ROUTE_GRANTS] });
  expect(await get('/v1/gateways')).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  expect((await get('/v1/gateways/one/drain', { method: 'POST' })).status).toBe(403);
});

test('a gateway that refuses the caller ends it', async () => {
  const get = await ask([await bench.standIn(json(403, {}))]);
  expect((await get('/v1/gateways')).status).toBe(403);
});
