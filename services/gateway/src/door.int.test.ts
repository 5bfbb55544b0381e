import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { waitFor } from '@payfan/stack/testing';
import { handshake, TestClients, type TestClient } from './testing/client.ts';
import { counted } from './testing/metrics.ts';
import { World } from './testing/world.ts';

let world: World;
const clients = new TestClients();
beforeAll(async () => {
  world = await World.start();
});
afterEach(() => clients.terminate());
afterAll(() => world.stop());

const connect: TestClients['connect'] = (...args) => clients.connect(...args);
const gateway = () => world.url;
/** Two of them are more than a frame may hold. */
const PIECE = Buffer.alloc(40_000, 'x');

describe('who may come in', () => {
  test('a browser offers its token beside the protocol, and is not answered with it', async () => {
    const token = await world.token('demo_ravi');
    const client = await connect(gateway(), {
      protocols: ['payfan.v1.json', `bearer.${token}`],
      origin: 'http://localhost:3000',
    });
    expect(client.ws.protocol).toBe('payfan.v1.json');
    expect(await client.ask({ t: 'subscribe', topic: await world.topic('demo_ravi') })).toMatchObject({
      ok: true,
    });
  });

  test.each([
    ['no key', {}],
    ['a wrong key', { key: 'nobody' }],
    ['a token that is none', { protocols: ['payfan.v1.json', 'bearer.eyJh.eyJi.c2ln'] }],
  ])('%s is told by close code 4001', async (_what, options) => {
    expect(await (await connect(gateway(), options)).closed).toBe(4001);
  });

  test('a token that has ended gets the same refusal in the header as beside the protocol', async () => {
    const token = await world.tokenFor('demo_ravi', -10);
    const protocols = ['payfan.v1.json', `bearer.${token}`];
    expect(await (await connect(gateway(), { key: token })).closed).toBe(4001);
    expect(await (await connect(gateway(), { protocols })).closed).toBe(4001);
  });

  test.each([
    ['of another site', 'https://evil.example', 403],
    ['that only begins like ours', 'http://localhost:3000.evil.example', 403],
    ['of another port', 'http://localhost:3001', 403],
    ['that is hidden', 'null', 403],
  ])('a page %s does not', async (_what, origin, status) => {
    expect(await handshake(gateway(), { key: 'demo_ravi', headers: { origin } })).toMatchObject({
      status,
    });
  });

  test('another protocol, and another path, lead nowhere', async () => {
    expect(await handshake(gateway(), { key: 'demo_ravi', protocols: ['mqtt'] })).toMatchObject({
      status: 400,
    });
    expect(await handshake(`${gateway()}/v2`, { key: 'demo_ravi' })).toMatchObject({ status: 404 });
  });

  test('no more than a few at a time for one account', async () => {
    const { url } = await world.gateway({ CONNECTIONS_PER_ACCOUNT: '2' });
    const [first] = [await connect(url, { key: 'demo_ravi' }), await connect(url, { key: 'demo_ravi' })];
    expect(await (await connect(url, { key: 'demo_ravi' })).closed).toBe(4009);
    const another = await connect(url, { key: 'demo_meera' });
    expect(await another.ask({ t: 'ping' })).toMatchObject({ ok: true });
    await first.close();
    await waitFor(
      async () => {
        const again = await connect(url, { key: 'demo_ravi' });
        return Promise.race([again.ask({ t: 'ping' }).then(({ ok }) => ok), again.closed.then(() => false)]);
      },
      { what: 'a place being free' },
    );
  });

  test('no more than a few from one address, whoever they say that they are, behind our proxies', async () => {
    const { url } = await world.gateway({ CONNECTIONS_PER_ADDRESS: '1', TRUSTED_PROXIES: '1' });
    const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });
    await connect(url, { key: 'demo_ravi', ...from('203.0.113.1') });
    expect(await (await connect(url, { key: 'demo_meera', ...from('9.9.9.9, 203.0.113.1') })).closed).toBe(
      4009,
    );
    const elsewhere = await connect(url, { key: 'demo_meera', ...from('203.0.113.2') });
    expect(await elsewhere.ask({ t: 'ping' })).toMatchObject({ ok: true });
  });

  test('not all at once: the answer to the others says when to come back', async () => {
    const { url } = await world.gateway({ HANDSHAKES_MAX: '1' });
    const answers = await Promise.all(Array.from({ length: 10 }, () => handshake(url, { key: 'demo_ravi' })));
    const refused = answers.filter(({ status }) => status !== 101);
    expect(refused.length).toBeGreaterThan(0);
    for (const { status, retryAfter } of refused) {
      expect([status, ['1', '2', '3', '4', '5']]).toEqual([503, expect.arrayContaining([retryAfter])]);
    }
  });

  test('nobody whose key cannot be checked: later they may', async () => {
    const { url } = await world.gateway({ TRANSACTION_URL: 'http://127.0.0.1:2' });
    expect(await handshake(url, { key: 'demo_ravi' })).toEqual({ status: 503, retryAfter: '2' });
  });
});

describe('what is no frame of the protocol', () => {
  test('is refused, and the connection goes on', async () => {
    const client = await connect(gateway(), { key: 'demo_ravi' });
    const refused = { ok: false, error: { code: 'invalid_frame', retryable: false } };
    client.ws.send('{"id":');
    expect(await client.reply(null)).toMatchObject(refused);
    client.frames.length = 0;
    client.ws.send(Buffer.from('{"id":1,"t":"ping"}'));
    expect(await client.reply(null)).toMatchObject(refused);
    client.ws.send('{"id":71,"t":"dance"}');
    expect(await client.reply(71)).toMatchObject(refused);
    client.ws.send('{"id":72,"t":"ping","more":1}');
    expect(await client.reply(72)).toMatchObject(refused);
    client.ws.send('{"id":73,"t":"subscribe","topic":"a b"}');
    expect(await client.reply(73)).toMatchObject(refused);
    expect(await client.ask({ t: 'ping' })).toMatchObject({ ok: true });
  });

  test('ends the connection if it is a megabyte', async () => {
    const client = await connect(gateway(), { key: 'demo_ravi' });
    client.ws.send('x'.repeat(1024 * 1024));
    expect(await client.closed).toBe(1009);
  });

  test('ends the connection if it is not masked', async () => {
    const client = await connect(gateway(), { key: 'demo_ravi' });
    const text = Buffer.from('{"id":1,"t":"ping"}');
    socketOf(client).write(Buffer.concat([Buffer.from([0x81, text.length]), text]));
    expect(await client.closed).toBe(1002);
  });

  test.each([
    ['is no UTF-8', [masked(0x81, Buffer.from([0xc3, 0x28]))], 1007],
    ['is of no known kind', [masked(0x83)], 1002],
    ['says that it is compressed', [masked(0xc1)], 1002],
    ['is a ping in pieces', [masked(0x09)], 1002],
    ['is a ping of more than 125 bytes', [masked(0x89, Buffer.alloc(126))], 1002],
    ['goes on with what never began', [masked(0x80)], 1002],
    ['is small only by its pieces', [masked(0x01, PIECE), masked(0x00, PIECE)], 1009],
  ])('ends the connection if it %s', async (_what, frames, code) => {
    const client = await connect(gateway(), { key: 'demo_ravi' });
    socketOf(client).write(Buffer.concat(frames));
    expect(await client.closed).toBe(code);
  });

  test('none of it ends the gateway', async () => {
    const socket = connectTcp(Number(new URL(gateway()).port), '127.0.0.1');
    socket.write(
      'GET /v1/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x00',
    );
    socket.resume();
    await once(socket, 'close');
    expect((await fetch(`${gateway()}/livez`)).status).toBe(200);
  });
});

describe('a connection', () => {
  test('that says too much is ended', async () => {
    const { url } = await world.gateway({ FRAMES_PER_SECOND: '5' });
    const client = await connect(url, { key: 'demo_ravi' });
    for (let count = 0; count < 40; count += 1) client.say({ t: 'ping' });
    expect(await client.closed).toBe(4102);
  });

  test('follows a limited number of topics', async () => {
    const { url } = await world.gateway({ TOPICS_PER_CONNECTION: '2' });
    const client = await connect(url, { key: 'demo_ravi' });
    for (const topic of ['public.a', 'public.b']) {
      expect(await client.ask({ t: 'subscribe', topic })).toMatchObject({ ok: true });
    }
    expect(await client.ask({ t: 'subscribe', topic: 'public.c' })).toMatchObject({
      error: { code: 'too_many_topics', retryable: false },
    });
    await client.ask({ t: 'unsubscribe', topic: 'public.a' });
    expect(await client.ask({ t: 'subscribe', topic: 'public.c' })).toMatchObject({ ok: true });
  });

  test('that does not answer a ping is ended, and one that does is not', async () => {
    const { url } = await world.gateway({ PING_EVERY_MS: '200', PONG_WITHIN_MS: '500' });
    const alive = await connect(url, { key: 'demo_ravi' });
    const dead = await connect(url, { key: 'demo_ravi', autoPong: false });
    expect(await dead.closed).toBe(4101);
    expect(await alive.ask({ t: 'ping' })).toMatchObject({ ok: true });
  });

  test('that is not read is cut, and what waited for it is bounded; the client resumes', async () => {
    const { url } = await world.gateway({ BUFFER_BYTES: '65536' });
    const topic = await world.topic('demo_ravi');
    const [service, slow] = [
      await connect(url, { key: 'demo_service' }),
      await connect(url, { key: 'demo_ravi' }),
    ];
    const { seq = 0 } = await slow.ask({ t: 'subscribe', topic });
    await slow.ask({ t: 'subscribe', topic: 'public.flood' });
    slow.ws.pause();
    const isCut = async () => (await counted(url, 'gateway_closes_total', { code: '4100' })) === 1;
    const data = 'x'.repeat(50_000);
    for (let count = 0; count < 2_000 && !(await isCut()); count += 1) {
      await service.ask({ t: 'publish', topic: 'public.flood', type: 'noise', data });
    }
    await world.pay(2);
    await waitFor(async () => (await counted(url, 'gateway_connections', { kind: 'websocket' })) === 1, {
      what: 'the connection being cut',
    });
    const again = await connect(url, { key: 'demo_ravi' });
    await again.ask({ t: 'subscribe', topic, after: seq });
    expect(await again.numbers(2)).toEqual([seq + 1, seq + 2]);
  });
});

describe('a token', () => {
  test('is asked for before it ends; a new one of the same owner keeps the connection', async () => {
    const client = await connect(gateway(), { key: await world.tokenFor('demo_ravi', 20) });
    const isTold = () => client.frames.some((frame) => 't' in frame && frame.t === 'token-ends');
    await waitFor(() => Promise.resolve(isTold()), { what: 'being told' });
    expect(await client.ask({ t: 'token', token: 'eyJh.eyJi.c2ln' })).toMatchObject({
      error: { code: 'unauthenticated' },
    });
    expect(await client.ask({ t: 'token', token: await world.token('demo_ravi') })).toMatchObject({
      ok: true,
    });
    expect(await client.ask({ t: 'ping' })).toMatchObject({ ok: true });
  });

  test('that ends, ends the connection', async () => {
    const client = await connect(gateway(), { key: await world.tokenFor('demo_ravi', 2) });
    expect(await client.closed).toBe(4200);
  });

  test('renewed goes on after the end of the one before', async () => {
    const [renewed, other] = [
      await connect(gateway(), { key: await world.tokenFor('demo_ravi', 3) }),
      await connect(gateway(), { key: await world.tokenFor('demo_ravi', 3) }),
    ];
    await renewed.ask({ t: 'token', token: await world.token('demo_ravi') });
    expect(await other.closed).toBe(4200);
    expect(await renewed.ask({ t: 'ping' })).toMatchObject({ ok: true });
  });

  test('of somebody else is no renewal', async () => {
    const client = await connect(gateway(), { key: 'demo_ravi' });
    expect(await client.ask({ t: 'token', token: await world.token('demo_meera') })).toMatchObject({
      error: { code: 'forbidden' },
    });
    expect(await client.closed).toBe(4003);
  });
});

/** The one beneath, for what the library would not send. */
function socketOf({ ws }: TestClient): Socket {
  return (ws as unknown as { _socket: Socket })._socket;
}

/** A frame as a client's library would never make it. A mask of zeros leaves its content as it is. */
function masked(head: number, content: Buffer = Buffer.alloc(0)): Buffer {
  const length =
    content.length < 126 ? [0x80 | content.length] : [0xfe, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([head, ...length, 0, 0, 0, 0]), content]);
}
