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
  isHolding = false;
  readonly #held: (() => void)[] = [];

  /** Answers by the cookie that the browser had when it asked, also where the answer is held back. */
  readonly fetch = async (path: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const answer = this.#answer(path, init);
    if (this.isHolding) await new Promise<void>((resolve) => this.#held.push(resolve));
    return answer;
  };

  /** Lets one of the answers that are held back arrive. */
  async arrives(which: number): Promise<void> {
    this.#held[which]?.();
    await new Promise(setImmediate);
  }

  #answer(path: string | URL | Request, init: RequestInit): Promise<Response> {
    this.requests.push(`${init.method} ${path as string}`);
    if (this.status === 0) return Promise.reject(new TypeError('no network'));
    if (this.status !== 200) return Promise.resolve(problem(this.status));
    if (init.method === 'DELETE') this.owner = undefined;
    if (typeof init.body === 'string') this.owner = (JSON.parse(init.body) as { key: string }).key;
    if (init.method === 'DELETE') return Promise.resolve(new Response(null, { status: 204 }));
    if (this.owner === undefined) return Promise.resolve(problem(401));
    return Promise.resolve(Response.json({ token: tokenOf(this.owner), secondsLeft: 900 }));
  }

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

test('signing in and out starts a new session, and is reported', async () => {
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
  expect(session.snapshot()).toEqual({
    state: { phase: 'open', principal: { kind: 'operator', name: 'operator' } },
    epoch: 1,
  });
});

test('who waits for a token is not given that of somebody else who came meanwhile, nor is he later', async () => {
  const session = server.session();
  await session.open();
  const { epoch } = session.snapshot();
  server.owner = 'ravi';
  const waiting = [session.token({ renew: true }), session.token({ renew: true, epoch })];
  for (const token of waiting) await expect(token).rejects.toMatchObject({ code: 'session_changed' });
  expect(session.snapshot().state).toMatchObject({ phase: 'open', principal: { accountId: 'ravi' } });
  await expect(session.token({ renew: false, epoch })).rejects.toMatchObject({ code: 'session_changed' });
  expect(await session.token({ renew: false })).toBe(tokenOf('ravi'));
  expect(server.requests).toHaveLength(2);
});

describe('answers out of order', () => {
  test.each(['ravi', undefined])(
    'a late renewal changes nothing once it is the session of %s',
    async (next) => {
      const session = server.session();
      await session.open();
      server.isHolding = true;
      const late = session.token({ renew: true }).catch((error: unknown) => error);
      const changing = next === undefined ? session.signOut() : session.signIn(next);
      await server.arrives(1);
      await changing;
      const after = session.snapshot();
      await server.arrives(0);
      expect(await late).toMatchObject({ code: 'session_changed' });
      expect(session.snapshot()).toBe(after);
      server.isHolding = false;
      if (next !== undefined) expect(await session.token({ renew: false })).toBe(tokenOf(next));
    },
  );

  test('a late refusal signs nobody out', async () => {
    const session = server.session();
    await session.open();
    server.isHolding = true;
    server.owner = undefined;
    const late = session.token({ renew: true }).catch((error: unknown) => error);
    const signingIn = session.signIn('ravi');
    await server.arrives(1);
    await signingIn;
    await server.arrives(0);
    expect(await late).toMatchObject({ code: 'session_changed' });
    expect(session.snapshot().state).toMatchObject({ phase: 'open', principal: { accountId: 'ravi' } });
  });

  test('whoever hears of a change does not go by what was asked before it', async () => {
    const session = server.session();
    await session.open();
    server.isHolding = true;
    const late = session.token({ renew: true }).catch((error: unknown) => error);
    server.owner = 'ravi';
    const opening = session.openAnew();
    expect(server.requests).toHaveLength(3);
    await server.arrives(1);
    await opening;
    await server.arrives(0);
    expect(await late).toMatchObject({ code: 'session_changed' });
    expect(session.snapshot()).toMatchObject({ state: { principal: { accountId: 'ravi' } }, epoch: 1 });
  });

  test('a change that leaves the same person is waited for', async () => {
    const session = server.session();
    server.isHolding = true;
    const early = session.token({ renew: false });
    const opening = session.openAnew();
    await server.arrives(0);
    await server.arrives(1);
    await opening;
    expect(await early).toBe(tokenOf('asha'));
    expect(session.snapshot().epoch).toBe(0);
  });
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

test('a server that stops is not waited for for ever', async () => {
  jest.useFakeTimers();
  try {
    const never: typeof fetch = (_, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(new Error('called off')));
      });
    const session = new Session({ signedIn: true, fetch: never, now: () => 0 });
    const opening = session.open();
    await jest.advanceTimersByTimeAsync(15_000);
    await opening;
    expect(session.snapshot().state).toMatchObject({ phase: 'failed', error: { code: 'unreachable' } });
  } finally {
    jest.useRealTimers();
  }
});

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
