import { DEFAULT_SETTINGS } from './settings.ts';
import { eventOf, SimulatedWorld, type FarLink } from './testing/simulated-world.ts';

const ASHA = 'account.asha';
const { pingAfterMs, pongMs, lingerMs, drainMs, answerMs, openMs, probeMs } = DEFAULT_SETTINGS;

const linksOf = (world: SimulatedWorld): FarLink[] => [...world.links.values()];
const only = (world: SimulatedWorld): FarLink => {
  const [link] = linksOf(world);
  expect(linksOf(world)).toHaveLength(1);
  return link!;
};
const stateOf = (world: SimulatedWorld) => world.machine.status().state;
const seqsOf = (world: SimulatedWorld) => world.told.get(0)!.map((told) => ('seq' in told ? told.seq : told));

/** Somebody follows Asha's topic, and is up to date. */
function live(options: ConstructorParameters<typeof SimulatedWorld>[0] = {}) {
  const world = new SimulatedWorld(options);
  world.subscribe(0, ASHA, 0);
  world.open(only(world));
  world.arrive(only(world));
  expect(stateOf(world)).toBe('live');
  return { world, link: only(world) };
}
function pass(world: SimulatedWorld, ms: number): void {
  world.now += ms;
  world.input({ on: 'tick' });
}

test('the states of a connection, and how many events were caught up with', () => {
  const world = new SimulatedWorld();
  expect(world.machine.status()).toEqual({ state: 'idle', transport: 'websocket', caughtUp: 0 });
  for (let count = 0; count < 3; count += 1) world.append(ASHA);
  world.subscribe(0, ASHA, 1);
  expect(stateOf(world)).toBe('connecting');
  const link = only(world);
  world.open(link);
  world.arrive(link, 2);
  expect(world.machine.status()).toMatchObject({ state: 'catching-up', caughtUp: 1 });
  world.arrive(link);
  expect(world.machine.status()).toMatchObject({ state: 'live', caughtUp: 2 });
  world.append(ASHA);
  world.arrive(link);
  expect(world.machine.status()).toMatchObject({ state: 'live', caughtUp: 2 });
  world.close(link, 1006);
  expect(world.machine.status()).toMatchObject({ state: 'reconnecting', inMs: 250 });
  world.wake();
  expect(world.machine.status()).toMatchObject({ state: 'reconnecting', inMs: 0 });
  expect(world.now).toBe(1_250);
});

test('4001: a token that may have been an old one is replaced once', () => {
  const { world, link } = live();
  world.close(link, 4001);
  expect(only(world).renew).toBe(true);
  world.close(only(world), 4001);
  expect(world.machine.status()).toMatchObject({ state: 'refused', reason: 'bad_token' });
});

test.each([
  [4003, 'forbidden'],
  [4009, 'too_many_connections'],
  [4042, 'closed_4042'],
])('%i stops it until it is told to try again, with another token', (code, reason) => {
  const { world, link } = live();
  world.close(link, code);
  expect(world.machine.status()).toMatchObject({ state: 'refused', reason });
  expect(world.machine.wakeAt()).toBeUndefined();
  world.input({ on: 'visible' });
  expect(linksOf(world)).toEqual([]);
  world.input({ on: 'retry' });
  expect(only(world).renew).toBe(true);
  world.settle();
  expect(stateOf(world)).toBe('live');
});

test('42xx: a new token, at once, and only the first time in a row', () => {
  const { world, link } = live();
  world.close(link, 4200);
  expect(world.now).toBe(1_000);
  const again = only(world);
  expect(again.renew).toBe(true);
  world.close(again, 4200);
  expect(world.machine.status()).toMatchObject({ state: 'reconnecting', inMs: 500 });
});

test('41xx: never at once, and no impatience of the page changes that', () => {
  const { world, link } = live({ random: () => 0 });
  world.close(link, 4102);
  expect(world.machine.status()).toMatchObject({ state: 'reconnecting', inMs: 500 });
  world.input({ on: 'visible' });
  expect(world.machine.wakeAt()).toBe(world.now + 500);
});

test('Retry-After is waited for', () => {
  const { world, link } = live({ random: () => 0 });
  world.input({ on: 'closed', link: link.id, retryAfterMs: 7_000 });
  expect(world.machine.status()).toMatchObject({ state: 'reconnecting', inMs: 7_000 });
});

test('pauses double up to the longest, and a connection that lasted begins anew', () => {
  const { world, link } = live({ random: () => 0.999, choice: 'websocket' });
  const pauses: number[] = [];
  world.close(link, 1006);
  for (let attempt = 0; attempt < 9; attempt += 1) {
    const status = world.machine.status();
    pauses.push(status.state === 'reconnecting' ? status.inMs / 0.999 : 0);
    world.wake();
    world.close(only(world), 1006);
  }
  expect(pauses.map(Math.round)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  world.wake();
  world.settle();
  pass(world, 10_000);
  world.close(only(world), 1006);
  expect(world.machine.status()).toMatchObject({ inMs: 499.5 });
});

test('silence is asked about, and without an answer the connection is given up', () => {
  const { world, link } = live();
  pass(world, pingAfterMs);
  expect(world.sent.at(-1)).toMatchObject({ t: 'ping' });
  world.arrive(link);
  pass(world, pongMs);
  expect(stateOf(world)).toBe('live');
  pass(world, pingAfterMs);
  pass(world, pongMs - 1);
  expect(stateOf(world)).toBe('live');
  pass(world, 1);
  expect(stateOf(world)).toBe('reconnecting');
});

test('a stream that is silent is given up without being asked', () => {
  const { world, link } = live({ choice: 'sse' });
  pass(world, pingAfterMs);
  world.input({ on: 'heard', link: link.id });
  pass(world, pongMs);
  expect(stateOf(world)).toBe('live');
  pass(world, pingAfterMs);
  pass(world, pongMs);
  expect(stateOf(world)).toBe('reconnecting');
  expect(world.sent.filter(({ t }) => t === 'ping')).toEqual([]);
});

test('an answer or an opening that never comes', () => {
  const world = new SimulatedWorld();
  world.subscribe(0, ASHA, 0);
  const first = only(world);
  pass(world, openMs);
  expect(world.links.has(first.id)).toBe(false);
  world.wake();
  world.open(only(world));
  const second = only(world);
  pass(world, answerMs);
  expect(world.links.has(second.id)).toBe(false);
});

test('caught up to a number that never comes: it asks again, more and more rarely', () => {
  const { world, link } = live();
  world.close(link);
  world.append(ASHA);
  world.wake();
  const again = only(world);
  world.open(again);
  again.queue = again.queue.filter(({ t }) => t !== 'event');
  world.arrive(again);
  expect(stateOf(world)).toBe('catching-up');
  world.wake();
  world.wake();
  world.arrive(again);
  expect([stateOf(world), seqsOf(world)]).toEqual(['live', [1]]);
});

test('on `reconnect` the new connection tells everything before the old one goes', () => {
  const { world, link: old } = live();
  old.queue.push({ t: 'reconnect', afterMs: 400 });
  world.arrive(old);
  expect(linksOf(world)).toEqual([old]);
  world.wake();
  expect(world.now).toBe(1_400);
  const next = linksOf(world)[1]!;
  world.append(ASHA);
  world.arrive(old);
  world.open(next);
  // However long the new one takes.
  pass(world, drainMs);
  expect([stateOf(world), linksOf(world)]).toEqual(['live', [old, next]]);
  world.append(ASHA);
  expect(next.queue).toMatchObject([{ t: 'reply' }, { t: 'event', event: { seq: 2 } }]);
  world.arrive(next);
  // What is still on its way on the old one is a repeat by now.
  world.arrive(old);
  expect(seqsOf(world)).toEqual([1, 2]);
  pass(world, drainMs);
  expect(linksOf(world)).toEqual([next]);
  expect(stateOf(world)).toBe('live');
});

test('what has no number, and is on its way on the old connection, still arrives', () => {
  const world = new SimulatedWorld();
  world.subscribe(0, 'public.news');
  world.settle();
  const old = only(world);
  old.queue.push({ t: 'reconnect', afterMs: 0 });
  world.arrive(old);
  world.append('public.news');
  const next = linksOf(world)[1]!;
  world.open(next);
  world.arrive(next);
  pass(world, drainMs - 1);
  world.arrive(old);
  expect(world.told.get(0)).toMatchObject([{ id: 'public.news-1' }]);
});

test('what happened between the beginnings of two connections is asked for at once', () => {
  const world = new SimulatedWorld();
  world.subscribe(0, ASHA);
  const first = only(world);
  world.open(first);
  world.append(ASHA);
  first.queue.unshift({ t: 'reconnect', afterMs: 0 });
  world.arrive(first, 1);
  const second = linksOf(world)[1]!;
  // Asked only for what is new, as nobody knows yet where the topic stands.
  world.open(second);
  world.arrive(first, 1);
  world.close(first, 1012);
  world.arrive(second);
  world.arrive(second);
  expect([seqsOf(world), world.now]).toEqual([[1], 1_000]);
});

test('a subscriber that starts further back gets what the others have, and they do not get it again', () => {
  const { world, link } = live();
  world.append(ASHA);
  world.arrive(link);
  world.subscribe(1, ASHA, 0);
  world.arrive(link);
  expect([seqsOf(world), world.told.get(1)]).toMatchObject([[1], [{ seq: 1 }]]);
});

test('whoever comes with more than the log has learns that, and nobody else is disturbed', () => {
  const { world, link } = live();
  world.append(ASHA);
  world.arrive(link);
  world.subscribe(1, ASHA, 99);
  world.append(ASHA);
  world.settle();
  world.append(ASHA);
  world.settle();
  expect(seqsOf(world)).toEqual([1, 2, 3]);
  expect(world.told.get(1)).toMatchObject([{ gap: { after: 99, resumesAfter: 1 } }, { seq: 2 }, { seq: 3 }]);
  expect(stateOf(world)).toBe('live');
});

test('a successor that fails is tried again while the old one tells; if that ends first, it is next', () => {
  const { world, link: old } = live();
  old.queue.push({ t: 'reconnect', afterMs: 0 });
  world.arrive(old);
  world.close(linksOf(world)[1]!, 1006);
  expect(stateOf(world)).toBe('live');
  world.wake();
  const next = linksOf(world)[1]!;
  world.close(old, 1012);
  expect(linksOf(world)).toEqual([next]);
  world.append(ASHA);
  world.open(next);
  world.arrive(next);
  expect([stateOf(world), seqsOf(world)]).toEqual(['live', [1]]);
});

test('`auto` goes from one transport to the next, and comes back when the best one gets through', () => {
  const world = new SimulatedWorld();
  world.subscribe(0, ASHA, 0);
  const tried: string[] = [];
  for (let attempt = 0; attempt < 6; attempt += 1) {
    tried.push(only(world).transport);
    world.close(only(world), 1006);
    world.wake();
  }
  expect(tried).toEqual(['websocket', 'websocket', 'websocket', 'sse', 'sse', 'sse']);
  const polling = only(world);
  world.open(polling);
  expect(stateOf(world)).toBe('reconnecting');
  world.arrive(polling);
  expect(world.machine.status()).toMatchObject({ state: 'live', transport: 'polling' });

  const probeOnce = (probe: (link: FarLink) => void) => {
    for (let waited = 0; waited < probeMs && linksOf(world).length === 1; waited += 1_000) {
      world.input({ on: 'heard', link: polling.id });
      pass(world, 1_000);
    }
    const socket = linksOf(world)[1]!;
    expect(socket.transport).toBe('websocket');
    probe(socket);
  };
  probeOnce((socket) => world.close(socket, 1006));
  expect(world.machine.status()).toMatchObject({ state: 'live', transport: 'polling' });
  probeOnce((socket) => {
    world.open(socket);
    world.arrive(socket);
  });
  expect(world.machine.status()).toMatchObject({ state: 'live', transport: 'websocket' });
});

test.each([
  ['the gateway itself says goodbye', { code: 4102 }],
  ['it restarts', { code: 1012 }],
  ['there is no token', { tokenFailed: true }],
])('%s: that is nobody in the way, so the transport stays', (_what, how) => {
  const world = new SimulatedWorld();
  world.subscribe(0, ASHA, 0);
  for (let attempt = 0; attempt < 4; attempt += 1) {
    expect(only(world).transport).toBe('websocket');
    world.input({ on: 'closed', link: only(world).id, ...how });
    world.links.clear();
    world.wake();
  }
});

test('switching back while the other transport is being prepared leaves everything as it was', () => {
  const { world, link } = live();
  world.input({ on: 'choose', transport: 'sse' });
  expect(linksOf(world).map(({ transport }) => transport)).toEqual(['websocket', 'sse']);
  world.input({ on: 'choose', transport: 'websocket' });
  expect(linksOf(world)).toEqual([link]);
});

test('a choice counts at once for a connection that is not open yet', () => {
  const world = new SimulatedWorld();
  world.subscribe(0, ASHA, 0);
  world.input({ on: 'choose', transport: 'polling' });
  expect(only(world).transport).toBe('polling');
});

test('topics are left, and the connection closed, a little after the last subscriber', () => {
  const { world } = live();
  world.subscribe(1, 'account.ravi');
  world.settle();
  world.input({ on: 'unsubscribe', subscriber: 1 });
  pass(world, lingerMs);
  expect(world.sent.at(-1)).toMatchObject({ t: 'unsubscribe', topic: 'account.ravi' });
  expect(linksOf(world)).toHaveLength(1);

  world.input({ on: 'unsubscribe', subscriber: 0 });
  pass(world, lingerMs - 1);
  world.append(ASHA);
  world.arrive(only(world));
  world.subscribe(0, ASHA);
  world.append(ASHA);
  world.arrive(only(world));
  expect(seqsOf(world)).toEqual([2]);
  expect(world.sent.filter(({ t }) => t === 'subscribe')).toHaveLength(2);

  world.input({ on: 'unsubscribe', subscriber: 0 });
  pass(world, lingerMs);
  expect([stateOf(world), linksOf(world), world.machine.wakeAt()]).toEqual(['idle', [], undefined]);
});

test('without a network it says so, and tries at once when there is one', () => {
  const { world, link } = live();
  world.input({ on: 'offline' });
  expect(world.sent.at(-1)).toMatchObject({ t: 'ping' });
  expect(stateOf(world)).toBe('live');
  pass(world, 500);
  world.close(link, 1006);
  expect(world.machine.status()).toMatchObject({ state: 'offline', since: 1_000 });
  world.input({ on: 'online' });
  world.settle();
  expect([stateOf(world), world.now]).toEqual(['live', 1_500]);
});

test('a refused topic is reported to its subscribers, and does not hold up the others', () => {
  const world = new SimulatedWorld();
  world.subscribe(0, ASHA, 0);
  world.subscribe(1, 'ops.queues');
  world.open(only(world));
  const link = only(world);
  link.queue = link.queue.filter(({ t }) => t !== 'event');
  const [, second] = link.queue;
  if (second?.t !== 'reply') throw new Error('no answer');
  const error = { code: 'forbidden', retryable: false } as const;
  link.queue[1] = { t: 'reply', reply: { re: second.reply.re, ok: false, error } };
  world.arrive(link);
  expect(world.told.get(1)).toEqual([{ failure: { code: 'forbidden', retryable: false } }]);
  expect(stateOf(world)).toBe('live');
});

test.each([
  ['temporarily_unavailable', true, 1],
  ['unauthenticated', false, 2],
] as const)('a topic that is %s is asked for again', (code, retryable, connections) => {
  const world = new SimulatedWorld();
  world.subscribe(0, ASHA, 0);
  const first = only(world);
  world.open(first);
  const [reply] = first.queue;
  if (reply?.t !== 'reply') throw new Error('no answer');
  first.queue = [{ t: 'reply', reply: { re: reply.reply.re, ok: false, error: { code, retryable } } }];
  world.arrive(first);
  expect(stateOf(world)).not.toBe('live');
  world.settle();
  expect(stateOf(world)).toBe('live');
  expect(only(world).id === first.id ? 1 : 2).toBe(connections);
});

test('a token that ends is replaced: on a socket by a frame, else by another connection', () => {
  const { world, link } = live();
  link.queue.push({ t: 'token-ends', inMs: 25_000 });
  world.arrive(link);
  expect(world.sent.at(-1)).toMatchObject({ t: 'token' });
  expect(linksOf(world)).toEqual([link]);

  const other = live({ choice: 'sse' });
  other.link.queue.push({ t: 'token-ends', inMs: 25_000 });
  other.world.arrive(other.link);
  expect(linksOf(other.world)[1]).toMatchObject({ transport: 'sse', renew: true });
  other.world.settle();
  expect(stateOf(other.world)).toBe('live');
});

describe('publishing', () => {
  const publish = (world: SimulatedWorld, ref: number) =>
    world.input({ on: 'publish', ref, topic: 'ops.queues', type: 'queue.grew', data: { ref } });

  test('opens a connection, is sent once and answered', () => {
    const world = new SimulatedWorld();
    publish(world, 1);
    expect(world.sent).toEqual([]);
    world.settle();
    expect(world.published).toEqual([{ do: 'published', ref: 1 }]);
    expect(world.sent.filter(({ t }) => t === 'publish')).toHaveLength(1);
  });

  test('is not repeated if the answer never comes: that might tell it twice', () => {
    const { world, link } = live();
    publish(world, 1);
    world.close(link, 1006);
    const failure = { code: 'unanswered', retryable: false };
    expect(world.published).toEqual([{ do: 'published', ref: 1, failure }]);
    publish(world, 2);
    pass(world, answerMs);
    expect(world.published.at(-1)).toMatchObject({
      ref: 2,
      failure: { code: 'unanswered', retryable: true },
    });
  });

  test('needs a WebSocket', () => {
    const { world } = live({ choice: 'polling' });
    publish(world, 1);
    expect(world.published).toMatchObject([{ ref: 1, failure: { code: 'needs_websocket' } }]);
  });

  test('keeps below what the gateway allows', () => {
    const { world } = live();
    for (let ref = 1; ref <= 200; ref += 1) publish(world, ref);
    const sent = () => world.sent.filter(({ t }) => t === 'publish').length;
    expect(sent()).toBeLessThanOrEqual(50);
    const before = sent();
    pass(world, 1_000);
    expect(sent() - before).toBe(40);
  });
});

test('an event of an unknown topic, or an answer to nothing, is nobody’s', () => {
  const { world, link } = live();
  link.queue.push(
    { t: 'event', event: eventOf('account.ravi', 9) },
    { t: 'reply', reply: { re: 999, ok: true } },
  );
  world.arrive(link);
  expect(seqsOf(world)).toEqual([]);
});
