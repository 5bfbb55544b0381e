import { createServer } from 'node:http';
import { remoteAuthenticator, remoteVerifier } from './auth.ts';
import { runInContext } from './context.ts';
import { Problem } from './problem.ts';
import { createTokenIssuer, generateSigningKey } from './token.ts';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Principal, TokenIssuer } from './token.ts';

const asha: Principal = { kind: 'account', accountId: 'a-1', tier: 'premium' };

/** The two doors of the transaction service that authentication needs, on a real socket. */
interface Transaction {
  readonly url: string;
  issuer: TokenIssuer;
  /** What POST /v1/tokens answers instead of the truth. */
  fault: number | 'hang' | 'rubbish' | undefined;
  /** The body of the 429 that POST /v1/tokens answers instead of the truth. */
  refusal: object | undefined;
  readonly exchanges: IncomingHttpHeaders[];
  keySetReads: number;
  stop(): Promise<void>;
}

const running: Transaction[] = [];

async function startTransaction(): Promise<Transaction> {
  const server: Server = createServer((request, response) => {
    if (request.url === '/.well-known/jwks.json') {
      transaction.keySetReads += 1;
      response.end(JSON.stringify(transaction.issuer.jwks));
      return;
    }
    transaction.exchanges.push(request.headers);
    if (transaction.fault === 'hang') return;
    if (transaction.refusal !== undefined) {
      response.writeHead(429, { 'retry-after': '7' }).end(JSON.stringify(transaction.refusal));
      return;
    }
    if (transaction.fault === 'rubbish') {
      response.end('<html>');
      return;
    }
    if (typeof transaction.fault === 'number') {
      response.writeHead(transaction.fault).end();
      return;
    }
    if (request.headers.authorization !== 'Bearer demo_asha') {
      response.writeHead(401).end();
      return;
    }
    void transaction.issuer.issue(asha).then((issued) => response.writeHead(201).end(JSON.stringify(issued)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const transaction: Transaction = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    issuer: await createTokenIssuer(await generateSigningKey()),
    fault: undefined,
    refusal: undefined,
    exchanges: [],
    keySetReads: 0,
    async stop() {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
  running.push(transaction);
  return transaction;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((transaction) => transaction.stop()));
});

const unavailable = { status: 503, code: 'authentication_unavailable', retryAfterSeconds: 2 };

test('a JWT is verified here, with keys fetched once', async () => {
  const transaction = await startTransaction();
  const authenticate = remoteAuthenticator({ transactionUrl: transaction.url });
  const [one, two] = [
    await transaction.issuer.issue(asha),
    await transaction.issuer.issue({ kind: 'operator', name: 'mira' }),
  ];
  expect(await authenticate(one.token)).toEqual(asha);
  expect(await authenticate(two.token)).toEqual({ kind: 'operator', name: 'mira' });
  expect(transaction.keySetReads).toBe(1);
  expect(transaction.exchanges).toEqual([]);
});

test('a JWT goes on being verified while the transaction service is away', async () => {
  const transaction = await startTransaction();
  const authenticate = remoteAuthenticator({ transactionUrl: transaction.url });
  await authenticate((await transaction.issuer.issue(asha)).token);
  await transaction.stop();
  expect(
    await authenticate((await transaction.issuer.issue({ kind: 'operator', name: 'mira' })).token),
  ).toEqual({
    kind: 'operator',
    name: 'mira',
  });
});

test('a caller that goes on after the request learns until when its credential is valid', async () => {
  const transaction = await startTransaction();
  const verify = remoteVerifier({ transactionUrl: transaction.url });
  const { token, expiresAt } = await transaction.issuer.issue(asha);
  expect(await verify(token)).toEqual({ principal: asha, expiresAtMs: Date.parse(expiresAt) });
  // A key is good until it must be asked about again.
  const ofKey = await verify('demo_asha');
  expect(ofKey).toMatchObject({ principal: asha, expiresAtMs: expect.any(Number) });
  expect(await verify('demo_asha')).toEqual(ofKey);
  expect(transaction.exchanges).toHaveLength(1);
  expect(await verify('demo_nobody')).toBeUndefined();
});

test('a JWT of somebody else is refused', async () => {
  const transaction = await startTransaction();
  const stranger = await createTokenIssuer(await generateSigningKey());
  const authenticate = remoteAuthenticator({ transactionUrl: transaction.url });
  expect(
    await authenticate((await stranger.issue({ kind: 'operator', name: 'mira' })).token),
  ).toBeUndefined();
});

test('a key is exchanged once, however often and at once it comes', async () => {
  const transaction = await startTransaction();
  const authenticate = remoteAuthenticator({ transactionUrl: `${transaction.url}/` });
  const answers = await Promise.all(Array.from({ length: 50 }, () => authenticate('demo_asha')));
  expect(answers).toEqual(Array.from({ length: 50 }, () => asha));
  expect(await authenticate('demo_asha')).toEqual(asha);
  expect(transaction.exchanges).toHaveLength(1);
});

test('the exchange carries the correlation on', async () => {
  const transaction = await startTransaction();
  const authenticate = remoteAuthenticator({ transactionUrl: transaction.url });
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  await runInContext({ correlationId: 'c-1', traceparent }, () => authenticate('demo_asha'));
  expect(transaction.exchanges[0]).toMatchObject({ 'x-correlation-id': 'c-1', traceparent });
});

test('an exchanged key is exchanged anew before its token ends', async () => {
  const transaction = await startTransaction();
  // Seen from 14 minutes on, a fresh token has one minute left: less the margin, half a minute of cache.
  let ahead = 14 * 60_000 + 31_000;
  const authenticate = remoteAuthenticator({
    transactionUrl: transaction.url,
    now: () => Date.now() + ahead,
  });
  expect(await authenticate('demo_asha')).toEqual(asha);
  expect(await authenticate('demo_asha')).toEqual(asha);
  expect(transaction.exchanges).toHaveLength(2);
  ahead = 0;
  await authenticate('demo_asha');
  await authenticate('demo_asha');
  expect(transaction.exchanges).toHaveLength(3);
});

test('a refused key is not asked about again at once, but is after a while', async () => {
  const transaction = await startTransaction();
  const authenticate = remoteAuthenticator({ transactionUrl: transaction.url, refusedTtlMs: 60_000 });
  expect(await authenticate('guess')).toBeUndefined();
  expect(await authenticate('guess')).toBeUndefined();
  expect(transaction.exchanges).toHaveLength(1);

  const forgetful = remoteAuthenticator({ transactionUrl: transaction.url, refusedTtlMs: 0 });
  await forgetful('guess');
  await forgetful('guess');
  expect(transaction.exchanges).toHaveLength(3);
});

test.each([500, 503, 429, 404, 'hang', 'rubbish'] as const)(
  'an exchange answered by %s is our trouble, not the client’s, and is over when it is over',
  async (fault) => {
    const transaction = await startTransaction();
    const authenticate = remoteAuthenticator({ transactionUrl: transaction.url, timeoutMs: 200 });
    transaction.fault = fault;
    const refusal = authenticate('demo_asha');
    await expect(refusal).rejects.toBeInstanceOf(Problem);
    await expect(refusal).rejects.toMatchObject(unavailable);
    transaction.fault = undefined;
    expect(await authenticate('demo_asha')).toEqual(asha);
  },
);

test('with nobody there, a key and a JWT alike are answered by 503', async () => {
  const transaction = await startTransaction();
  const { token } = await transaction.issuer.issue(asha);
  await transaction.stop();
  const authenticate = remoteAuthenticator({ transactionUrl: transaction.url });
  await expect(authenticate('demo_asha')).rejects.toMatchObject(unavailable);
  await expect(authenticate(token)).rejects.toMatchObject(unavailable);
});

test.each(['', 'x'.repeat(600), `ps_${'x'.repeat(43)}`, `eyJ${'x'.repeat(10_000)}.y.z`])(
  'what can be no credential asks nobody',
  async (bearer) => {
    const transaction = await startTransaction();
    expect(await remoteAuthenticator({ transactionUrl: transaction.url })(bearer)).toBeUndefined();
    expect(transaction.exchanges).toEqual([]);
  },
);

test('an exchange of a key names our service and the client to the transaction service', async () => {
  const transaction = await startTransaction();
  const options = { transactionUrl: transaction.url, serviceKey: 'key-of-email' };
  await remoteAuthenticator(options)('demo_asha', { address: '192.0.2.7' });
  await remoteAuthenticator(options)('demo_asha');
  expect(transaction.exchanges).toMatchObject([
    { 'payfan-service-key': 'key-of-email', 'payfan-client-address': '192.0.2.7' },
    {},
  ]);
  expect(transaction.exchanges[1]).not.toHaveProperty('payfan-service-key');
});

test('an exchange that a rate limit refuses is refused here in the same words, and is not remembered', async () => {
  const transaction = await startTransaction();
  const authenticate = remoteAuthenticator({ transactionUrl: transaction.url });
  const limit = { name: 'wrong_keys', rate: '30 per minute' };
  transaction.refusal = { detail: 'Too many keys.', limit };
  await expect(authenticate('demo_asha')).rejects.toMatchObject({
    ...{ status: 429, code: 'rate_limited', detail: 'Too many keys.', retryAfterSeconds: 7 },
    extensions: { limit },
  });
  transaction.refusal = undefined;
  expect(await authenticate('demo_asha')).toEqual(asha);
  // A key that is known to be valid is not asked about.
  transaction.refusal = { detail: 'Too many keys.', limit };
  expect(await authenticate('demo_asha')).toEqual(asha);
});
