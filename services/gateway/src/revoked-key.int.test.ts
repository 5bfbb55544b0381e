import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTokenIssuer, TOKEN_LIFETIME_SECONDS, type TokenIssuer } from '@payfan/service';
import { waitFor } from '@payfan/stack/testing';
import { TestClients } from './testing/client.ts';
import { EventReader } from './testing/event-reader.ts';
import { counted } from './testing/metrics.ts';
import { World } from './testing/world.ts';

/** So little is left of the tokens that this transaction service issues that their end can be waited for. */
const SECONDS_LEFT = 10;

let world: World;
const clients = new TestClients();
beforeAll(async () => {
  world = await World.start();
});
afterAll(async () => {
  clients.terminate();
  await world.stop();
});

/** Stands in for the transaction service: knows one key until that is revoked. */
async function startTransaction(accountId: string) {
  let isRevoked = false;
  const issuer: TokenIssuer = await createTokenIssuer(
    await world.signingKey(),
    () => Date.now() - (TOKEN_LIFETIME_SECONDS - SECONDS_LEFT) * 1_000,
  );
  const server: Server = createServer((request, response) => {
    if (request.url === '/.well-known/jwks.json') {
      response.end(JSON.stringify(issuer.jwks));
    } else if (isRevoked || request.headers.authorization !== 'Bearer key-of-ravi') {
      response.writeHead(401).end();
    } else {
      void issuer
        .issue({ kind: 'account', accountId, tier: 'free' })
        .then((token) => response.writeHead(201).end(JSON.stringify(token)));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    revoke: () => (isRevoked = true),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('a revoked key gets no event after the end of its last token, on any of the three ways', async () => {
  const topic = await world.topic('demo_ravi');
  const transaction = await startTransaction(topic.slice('account.'.length));
  try {
    const { url } = await world.gateway({ TRANSACTION_URL: transaction.url });
    const headers = { authorization: 'Bearer key-of-ravi' };
    const socket = await clients.connect(url, { key: 'key-of-ravi' });
    await socket.ask({ t: 'subscribe', topic });
    const stream = await EventReader.open(`${url}/v1/stream`, { headers });
    const polling = fetch(`${url}/v1/events?wait=30&after=${await world.head(topic)}`, { headers });
    await waitFor(async () => (await counted(url, 'gateway_connections', { kind: 'poll' })) === 1, {
      what: 'the poll waiting',
    });

    transaction.revoke();
    expect(await socket.ask({ t: 'token', token: 'key-of-ravi' })).toMatchObject({
      error: { code: 'unauthenticated' },
    });
    expect(await socket.closed).toBe(4200);
    await stream.ended;
    const polled = await polling;
    await world.pay(1, 'demo_ravi');
    expect(socket.events).toEqual([]);
    expect(stream.read.filter(({ event }) => event !== 'token-ends')).toEqual([]);
    expect(await polled.json()).toMatchObject({ data: [] });

    for (const path of ['stream', 'events']) {
      expect((await fetch(`${url}/v1/${path}`, { headers })).status).toBe(401);
    }
    expect(await (await clients.connect(url, { key: 'key-of-ravi' })).closed).toBe(4001);
  } finally {
    await transaction.stop();
  }
});
