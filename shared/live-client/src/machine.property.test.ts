import fc from 'fast-check';
import type { TransportChoice } from './protocol.ts';
import { SimulatedWorld, type FarLink, type Told } from './testing/simulated-world.ts';

const TOPICS = ['account.asha', 'account.ravi'];
const CODES = [undefined, 1006, 1012, 4100, 4200];
const CHOICES: TransportChoice[] = ['auto', 'websocket', 'sse', 'polling'];

/** One thing that happens; numbers choose whom, taken modulo how many there are. */
type Step = [kind: keyof typeof happenings, which: number, detail: number];

interface Play {
  world: SimulatedWorld;
  /** Who is subscribed to what, and from where. */
  subscribers: Map<number, { topic: string; after: number | undefined }>;
  nextSubscriber: number;
  hasDropped: boolean;
}

function pick<T>(of: Iterable<T>, which: number): T | undefined {
  const all = [...of];
  return all[which % all.length];
}
const withLink =
  (act: (play: Play, link: FarLink, detail: number) => void) =>
  (play: Play, which: number, detail: number) => {
    const link = pick(play.world.links.values(), which);
    if (link !== undefined) act(play, link, detail);
  };
const topicOf = (which: number) => TOPICS[which % TOPICS.length]!;

const happenings = {
  append: ({ world }: Play, which: number, detail: number) => {
    for (let count = 0; count <= detail % 3; count += 1) world.append(topicOf(which));
  },
  join: (play: Play, which: number, detail: number) => {
    const topic = topicOf(which);
    const { head } = play.world.log(topic);
    // Sometimes a number of another log, which this one may reach or not.
    const after = detail % 3 === 0 ? undefined : detail % 11 === 0 ? head + 5 : detail % (head + 1);
    play.subscribers.set((play.nextSubscriber += 1), { topic, after });
    play.world.subscribe(play.nextSubscriber, topic, after);
  },
  leave: (play: Play, which: number) => {
    const subscriber = pick(play.subscribers.keys(), which);
    if (subscriber === undefined) return;
    play.subscribers.delete(subscriber);
    play.world.input({ on: 'unsubscribe', subscriber });
  },
  open: withLink(({ world }, link) => world.open(link)),
  arrive: withLink(({ world }, link, detail) => world.arrive(link, 1 + (detail % 4))),
  arriveAll: withLink(({ world }, link) => world.arrive(link)),
  close: withLink(({ world }, link, detail) => world.close(link, pick(CODES, detail))),
  /** Only events: an answer that never comes ends the connection. */
  drop: withLink((play, link, detail) => {
    play.hasDropped = true;
    const event = pick(
      link.queue.filter(({ t }) => t === 'event'),
      detail,
    );
    link.queue = link.queue.filter((said) => said !== event);
  }),
  repeat: withLink((_play, link, detail) => {
    const said = pick(link.queue, detail);
    if (said !== undefined) link.queue.push(said);
  }),
  swap: withLink((_play, link) => {
    if (link.queue.every(({ t }) => t === 'event')) link.queue.reverse();
  }),
  move: withLink(({ world }, link, detail) => {
    link.queue.push({ t: 'reconnect', afterMs: detail % 1_000 });
    world.arrive(link);
  }),
  tokenEnds: withLink((_play, link) => link.queue.push({ t: 'token-ends', inMs: 60_000 })),
  choose: ({ world }: Play, which: number) => {
    world.input({ on: 'choose', transport: CHOICES[which % CHOICES.length]! });
  },
  network: ({ world }: Play, which: number) => {
    world.input({ on: (['offline', 'online', 'visible'] as const)[which % 3]! });
  },
  wake: ({ world }: Play) => world.wake(),
  wait: ({ world }: Play, _which: number, detail: number) => {
    world.now += detail * 10;
    world.input({ on: 'tick' });
  },
  trim: ({ world }: Play, which: number, detail: number) => world.trim(topicOf(which), detail % 20),
};

const kinds = Object.keys(happenings) as (keyof typeof happenings)[];
const step: fc.Arbitrary<Step> = fc.tuple(
  // What makes things go on comes more often than what disturbs them.
  fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(...kinds) },
    { weight: 3, arbitrary: fc.constantFrom<keyof typeof happenings>('append', 'open', 'arrive', 'wake') },
  ),
  fc.nat({ max: 7 }),
  fc.nat({ max: 1_000 }),
);

/** Where a subscriber stands that was told this, if it was told everything once and in order. */
function positionAfter(told: Told[], after: number | undefined, firstKept: number): number | undefined {
  let position = after;
  for (const one of told) {
    if ('gap' in one) {
      expect(one.gap.after).toBe(position ?? one.gap.after);
      // A gap is only told of what is gone, or of what never was.
      const isAnother = one.gap.resumesAfter < one.gap.after;
      expect(isAnother || one.gap.after + 1 < firstKept).toBe(true);
      position = one.gap.resumesAfter;
    } else if ('seq' in one) {
      expect(one.seq).toBe((position ?? one.seq - 1) + 1);
      position = one.seq;
    } else {
      throw new Error(`refused: ${one.failure.code}`);
    }
  }
  return position;
}

test('each subscriber gets every number once and in order, or a gap, whatever happens', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 80 }),
      fc.boolean(),
      fc.infiniteStream(fc.double({ min: 0, max: 0.99, noNaN: true })),
      (steps, goesOn, randoms) => {
        const world = new SimulatedWorld({ goesOn, random: () => randoms.next().value as number });
        const play: Play = { world, subscribers: new Map(), nextSubscriber: 0, hasDropped: false };
        play.subscribers.set(0, { topic: TOPICS[0]!, after: 0 });
        world.subscribe(0, TOPICS[0]!, 0);
        for (const [kind, which, detail] of steps) happenings[kind](play, which, detail);

        world.settle();
        // A drop of the last event shows with the next one.
        if (play.hasDropped) for (const topic of TOPICS) world.append(topic);
        world.settle();

        for (const [subscriber, { topic, after }] of play.subscribers) {
          const { first, head } = world.log(topic);
          const position = positionAfter(world.told.get(subscriber)!, after, first);
          // Whoever asked only for what is new may have been told nothing.
          expect(position ?? head).toBe(head);
        }
        if (play.subscribers.size > 0) expect(world.machine.status().state).toBe('live');
      },
    ),
    { numRuns: 2_000 },
  );
});

test('a move to another connection neither loses nor doubles what has no numbers', () => {
  const kinds = [
    'append',
    'open',
    'arrive',
    'arriveAll',
    'move',
    'choose',
    'wake',
    'wait',
    'tokenEnds',
  ] as const;
  const step = fc.tuple(fc.constantFrom(...kinds), fc.nat({ max: 7 }), fc.nat({ max: 80 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const world = new SimulatedWorld();
      const play: Play = { world, subscribers: new Map(), nextSubscriber: 0, hasDropped: false };
      world.subscribe(0, 'public.news');
      world.settle();
      let appended = 0;
      for (const [kind, which, detail] of steps) {
        if (kind === 'append') {
          world.append('public.news');
          appended += 1;
        } else {
          // What is on its way arrives before a second has passed.
          if (kind === 'wake' || kind === 'wait') for (const link of world.links.values()) world.arrive(link);
          happenings[kind](play, which, detail);
        }
      }
      world.settle();
      const ids = world.told.get(0)!.map((told) => ('id' in told ? told.id : told));
      // Two connections, and no numbers to order by.
      const all = Array.from({ length: appended }, (_, index) => `public.news-${index + 1}`);
      expect(ids.toSorted()).toEqual(all.toSorted());
    }),
    { numRuns: 500 },
  );
});
