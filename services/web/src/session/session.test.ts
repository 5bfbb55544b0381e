import { kindIn, Session } from './session.ts';

const tokenOf = (sub: string) => {
  const claims = sub === 'operator' ? { sub, role: sub } : { sub, role: 'account', tier: 'free' };
  return `eyJh.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${sub}`;
};

/** A server that has a session of `owner`, or none, or is away. */
class Server {
  owner: string | undefined = 'asha';
  status = 200;
  requests: string[] = [];
  now = 0;

  readonly fetch = (path: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    this.requests.push(`${init.method} ${path as string}`);
    if (this.status === 0) return Promise.reject(new TypeError('no network'));
    if (this.status !== 200) return Promise.resolve(problem(this.status));
    if (init.method === 'DELETE') this.owner = undefined;
    if (typeof init.body === 'string') this.owner = (JSON.parse(init.body) as { key: string }).key;
    if (init.method === 'DELETE') return Promise.resolve(new Response(null, { status: 204 }));
    if (this.owner === undefined) return Promise.resolve(problem(401));
    const expiresAt = new Date(this.now + 900_000).toISOString();
    return Promise.resolve(Response.json({ token: tokenOf(this.owner), expiresAt }));
  };

  session(signedIn = true): Session {
    return new Session({ signedIn, fetch: this.fetch, now: () => this.now });
  }
}
const problem = (status: number) =>
  Response.json(
    { code: `c${status}`, detail: 'd' },
    { status, headers: { 'content-type': 'application/problem+json' } },
  );

let server: Server;
beforeEach(() => (server = new Server()));

test('opening it tells whose it is; several who need a token are given one', async () => {
  const session = server.session();
  expect(session.snapshot().state).toEqual({ phase: 'opening' });
  const tokens = await Promise.all([session.token({ renew: false }), session.token({ renew: true })]);
  expect(tokens).toEqual([tokenOf('asha'), tokenOf('asha')]);
  expect(server.requests).toEqual(['POST /session/token']);
  expect(session.snapshot()).toEqual({
    state: { phase: 'open', principal: { kind: 'account', accountId: 'asha', tier: 'free' } },
    epoch: 0,
  });
});

test('a token serves until shortly before its end; renewing it changes nothing that is shown', async () => {
  const session = server.session();
  await session.open();
  const shown = session.snapshot();
  server.now += 860_000;
  await session.token({ renew: false });
  expect(server.requests).toHaveLength(1);
  server.now += 15_000;
  await session.token({ renew: false });
  expect(server.requests).toHaveLength(2);
  expect(session.snapshot()).toBe(shown);
});

test('signing in and out begins anew, and is told', async () => {
  const session = server.session(false);
  const phases: string[] = [];
  session.watch(() => phases.push(session.snapshot().state.phase));
  await session.signIn('ravi');
  expect(await session.token({ renew: false })).toBe(tokenOf('ravi'));
  await session.signOut();
  expect(phases).toEqual(['open', 'signed-out']);
  expect(session.snapshot().epoch).toBe(2);
  await expect(session.token({ renew: false })).rejects.toMatchObject({ status: 401 });
});

test('another page of the browser signed in somebody else: what was kept is not for them', async () => {
  const session = server.session();
  await session.open();
  server.owner = 'operator';
  await session.open();
  expect(session.snapshot()).toEqual({ state: { phase: 'open', principal: { kind: 'operator' } }, epoch: 1 });
});

test('a session that is gone leaves the page signed out', async () => {
  const session = server.session();
  await session.open();
  server.owner = undefined;
  await expect(session.token({ renew: true })).rejects.toMatchObject({ status: 401, code: 'c401' });
  expect(session.snapshot().state).toEqual({ phase: 'signed-out' });
});

test.each([503, 0])(
  'a server that answers %d: not known yet is a failure, who is known stays',
  async (status) => {
    server.status = status;
    const session = server.session();
    await session.open();
    expect(session.snapshot().state).toMatchObject({ phase: 'failed', error: { status } });
    server.status = 200;
    await session.open();
    server.status = status;
    await session.open();
    expect(session.snapshot().state).toMatchObject({ phase: 'open' });
  },
);

test('a key that is refused changes nothing', async () => {
  const session = server.session(false);
  server.status = 401;
  await expect(session.signIn('nobody')).rejects.toMatchObject({ code: 'c401' });
  expect(session.snapshot()).toEqual({ state: { phase: 'signed-out' }, epoch: 0 });
});

test('of what kind its owner is, is known as soon as anybody knows', async () => {
  const told = new Session({ signedIn: true, kind: 'operator', fetch: server.fetch, now: () => 0 });
  expect(kindIn(told.snapshot().state)).toBe('operator');
  const untold = server.session();
  expect(kindIn(untold.snapshot().state)).toBeUndefined();
  await untold.open();
  expect(kindIn(untold.snapshot().state)).toBe('account');
  expect(kindIn(server.session(false).snapshot().state)).toBeUndefined();
});
