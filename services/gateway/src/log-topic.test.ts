import fc from 'fast-check';
import { LiveMessage } from './live-message.ts';
import {
  LogTopic,
  type Beginning,
  type LogPage,
  type NumberedMessage,
  type Subscriber,
} from './log-topic.ts';

const TOPIC = 'account.asha';
const message = (seq: number): NumberedMessage => new LiveMessage(TOPIC, seq, Buffer.from(String(seq)));
const numbers = (first: number, last: number) =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);

/** A log that is read page by page. */
class Log {
  firstSeq = 1;
  lastSeq = 0;
  readonly #pageSize: number;
  constructor(pageSize: number) {
    this.#pageSize = pageSize;
  }
  page(after: number): LogPage {
    const { firstSeq, lastSeq } = this;
    const from = Math.max(after + 1, firstSeq);
    const events = numbers(from, Math.min(lastSeq, from + this.#pageSize - 1)).map(message);
    return { firstSeq, lastSeq, events };
  }
}

class Recorder implements Subscriber {
  readonly beginnings: Beginning[] = [];
  readonly told: number[] = [];
  toldBeforeBeginning = false;
  losses = 0;
  begun(beginning: Beginning): void {
    this.beginnings.push(beginning);
  }
  tell({ seq = 0 }: LiveMessage): void {
    if (this.beginnings.length === 0) this.toldBeforeBeginning = true;
    this.told.push(seq);
  }
  hasRoom(): Promise<void> {
    return Promise.resolve();
  }
  lost(): void {
    this.losses += 1;
  }
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
/** Runs until nothing is left to happen. */
async function everything(scheduler: fc.Scheduler): Promise<void> {
  await scheduler.waitIdle();
  await settled();
}

const ignored = { onFilled: () => undefined, onBroken: () => undefined };

describe('whatever happens to live messages and reads', () => {
  const world = fc.record({
    /** How often each event is told live: never, once, twice or three times. */
    tellings: fc.array(fc.nat({ max: 3 }), { maxLength: 14 }),
    /** Where each subscriber resumes. */
    afters: fc.array(fc.option(fc.nat({ max: 14 }), { nil: undefined }), { minLength: 1, maxLength: 4 }),
    /** Which reads fail. */
    failures: fc.array(fc.boolean(), { maxLength: 8 }),
    pageSize: fc.integer({ min: 1, max: 4 }),
    mostKept: fc.nat({ max: 4 }),
    scheduler: fc.scheduler(),
  });

  test('each subscriber gets every number after its own once, in order', async () => {
    await fc.assert(
      fc.asyncProperty(world, async ({ tellings, afters, failures, pageSize, mostKept, scheduler }) => {
        const log = new Log(pageSize);
        const moment = () => scheduler.schedule(Promise.resolve());
        /** Seen at one moment, answered at a later one. */
        const read = async (after: number): Promise<LogPage> => {
          const fails = failures.shift() ?? false;
          await moment();
          const page = log.page(after);
          await moment();
          if (fails) throw new Error('the log is away');
          return page;
        };
        const topic = new LogTopic({
          read,
          readHead: () => read(Infinity),
          pause: moment,
          mostKept,
          ...ignored,
        });

        const happenings: Promise<void>[] = [];
        const commit = async () => {
          for (const [index, times] of tellings.entries()) {
            await moment();
            log.lastSeq = index + 1;
            for (let time = 0; time < times; time += 1) {
              happenings.push(moment().then(() => topic.arrive(message(index + 1))));
            }
          }
        };
        const join = async (subscriber: Recorder, after: number | undefined) => {
          await moment();
          // One that cannot begin comes again, as clients do.
          for (let begun = false; !begun;) {
            begun = await topic.subscribe(subscriber, after).then(
              () => true,
              () => false,
            );
          }
        };
        const subscribers = afters.map((after) => ({ after, subscriber: new Recorder() }));
        happenings.push(commit(), ...subscribers.map(({ subscriber, after }) => join(subscriber, after)));
        await everything(scheduler);
        await Promise.all(happenings);
        topic.heardOf(log.page(Infinity));
        await everything(scheduler);

        for (const { after, subscriber } of subscribers) {
          expect(subscriber.beginnings).toHaveLength(1);
          const [{ seq, historyGone } = { historyGone: false }] = subscriber.beginnings;
          const start = after === undefined || historyGone ? seq! : after;
          expect(subscriber.told).toEqual(numbers(start + 1, log.lastSeq));
          expect([subscriber.toldBeforeBeginning, subscriber.losses]).toEqual([false, 0]);
          // Only a number that the log had not reached yet counts as one of another history.
          if (historyGone) expect(after).toBeGreaterThan(0);
        }
        expect(topic.head).toBe(log.lastSeq);
      }),
      { numRuns: 300 },
    );
  });
});

/** A topic over a log that answers at once. */
function topicOver(log: Log, options: Partial<ConstructorParameters<typeof LogTopic>[0]> = {}) {
  const reads: number[] = [];
  const topic = new LogTopic({
    read: (after) => {
      reads.push(after);
      return Promise.resolve(log.page(after));
    },
    readHead: () => Promise.resolve(log.page(Infinity)),
    pause: () => Promise.resolve(),
    ...ignored,
    ...options,
  });
  return { topic, reads };
}

test('live messages in order cost no read of the log', async () => {
  const log = new Log(10);
  log.lastSeq = 3;
  const { topic, reads } = topicOver(log);
  const asha = new Recorder();
  await topic.subscribe(asha, 3);
  for (const seq of [4, 5, 5, 4, 6]) topic.arrive(message(seq));
  await settled();
  expect(asha.told).toEqual([4, 5, 6]);
  expect(reads).toEqual([3]);
});

test('a jump is filled from the log, and counted', async () => {
  const log = new Log(10);
  const filled: number[] = [];
  const { topic } = topicOver(log, { onFilled: (events) => filled.push(events) });
  const asha = new Recorder();
  await topic.subscribe(asha, 0);
  log.lastSeq = 5;
  topic.arrive(message(5));
  await settled();
  expect(asha.told).toEqual([1, 2, 3, 4, 5]);
  expect(filled).toEqual([5]);
});

test('what comes live beyond a jump need not be read', async () => {
  const log = new Log(1);
  log.lastSeq = 3;
  const { topic, reads } = topicOver(log);
  const asha = new Recorder();
  await topic.subscribe(asha, 3);
  log.lastSeq = 6;
  for (const seq of [5, 6]) topic.arrive(message(seq));
  await settled();
  expect(asha.told).toEqual([4, 5, 6]);
  expect(reads).toEqual([3, 3]);
});

test('whoever comes from a gateway that was faster waits for this one', async () => {
  const log = new Log(10);
  log.lastSeq = 3;
  const { topic, reads } = topicOver(log);
  const [asha, again] = [new Recorder(), new Recorder()];
  await topic.subscribe(asha, 3);
  log.lastSeq = 5;
  await topic.subscribe(again, 5);
  await settled();
  topic.arrive(message(6));
  expect([asha.told, again.told]).toEqual([[4, 5, 6], [6]]);
  expect(reads).toEqual([3, 5, 3]);
});

test('an event that was never published live is found when the log is read', async () => {
  const log = new Log(10);
  const { topic } = topicOver(log);
  const asha = new Recorder();
  await topic.subscribe(asha, undefined);
  log.lastSeq = 2;
  expect(topic.heardOf(log.page(Infinity))).toBe(true);
  await settled();
  expect(asha.told).toEqual([1, 2]);
  expect(topic.heardOf(log.page(Infinity))).toBe(false);
});

test.each([
  ['a log that begins later', 0],
  ['a number that the log never had', 99],
])('%s: the history is gone, and what is new follows the head', async (_what, after) => {
  const log = new Log(10);
  Object.assign(log, { firstSeq: 4, lastSeq: 6 });
  const { topic } = topicOver(log);
  const asha = new Recorder();
  await topic.subscribe(asha, after);
  expect(asha.beginnings).toEqual([{ seq: 6, historyGone: true }]);
  log.lastSeq = 7;
  topic.arrive(message(7));
  expect(asha.told).toEqual([7]);
});

test('nothing is kept any more, but nothing is missed either', async () => {
  const log = new Log(10);
  Object.assign(log, { firstSeq: 7, lastSeq: 6 });
  const asha = new Recorder();
  await topicOver(log).topic.subscribe(asha, 6);
  expect(asha.beginnings).toEqual([{ seq: 6, historyGone: false }]);
});

test('a log that lost its end, or more than was delivered, is no continuation: every follower starts again', async () => {
  const log = new Log(10);
  log.lastSeq = 9;
  const broken: unknown[] = [];
  const { topic } = topicOver(log, { onBroken: (problem) => broken.push(problem) });
  const [asha, ravi] = [new Recorder(), new Recorder()];
  await topic.subscribe(asha, 9);
  log.lastSeq = 4;
  topic.heardOf(log.page(Infinity));
  await settled();
  expect(broken).toEqual([{ told: 9, firstSeq: 1, lastSeq: 4 }]);
  expect(asha.losses).toBe(1);

  await topic.subscribe(ravi, 4);
  Object.assign(log, { firstSeq: 8, lastSeq: 8 });
  topic.arrive(message(8));
  await settled();
  expect(ravi).toMatchObject({ told: [], losses: 1 });
  expect(topic.subscribers).toBe(0);
});

test('a number that the log does not know is not waited for', async () => {
  const log = new Log(10);
  const { topic } = topicOver(log);
  const asha = new Recorder();
  await topic.subscribe(asha, 0);
  topic.arrive(message(1_000));
  await settled();
  log.lastSeq = 1;
  topic.arrive(message(1));
  expect(asha.told).toEqual([1]);
});

test('a follower that cannot take more gets no past events until it can', async () => {
  const log = new Log(2);
  log.lastSeq = 6;
  const { topic, reads } = topicOver(log);
  const asha = new Recorder();
  let makeRoom = (): void => undefined;
  asha.hasRoom = () => new Promise((resolve) => (makeRoom = resolve));
  await topic.subscribe(asha, 0);
  await settled();
  expect([asha.told, reads]).toEqual([[1, 2], [0]]);
  makeRoom();
  await settled();
  expect([asha.told, reads]).toEqual([
    [1, 2, 3, 4],
    [0, 2],
  ]);
});

test('a follower that has left gets no more events', async () => {
  const log = new Log(2);
  log.lastSeq = 6;
  const { topic } = topicOver(log);
  const asha = new Recorder();
  asha.tell = ({ seq = 0 }) => {
    asha.told.push(seq);
    if (seq === 3) topic.unsubscribe(asha);
  };
  await topic.subscribe(asha, 0);
  await settled();
  topic.arrive(message(7));
  expect(asha.told).toEqual([1, 2, 3]);
});

test.each([
  ['at the head', undefined],
  ['where it stands', 6],
  ['from a number whose history is gone', 99],
])('whoever leaves as soon as it has begun %s is not kept', async (_what, after) => {
  const log = new Log(10);
  log.lastSeq = 6;
  const { topic } = topicOver(log);
  await topic.subscribe(new Recorder(), 6);
  const asha = new Recorder();
  asha.begun = () => topic.unsubscribe(asha);
  await topic.subscribe(asha, after);
  topic.arrive(message(7));
  expect([asha.told, topic.subscribers]).toEqual([[], 1]);
});

test('what is heard of while the log is read for the first time is not forgotten', async () => {
  const log = new Log(10);
  let answer = (_page: LogPage): void => undefined;
  const first = new Promise<LogPage>((resolve) => (answer = resolve));
  const reads = [first];
  const { topic } = topicOver(log, { read: (after) => reads.pop() ?? Promise.resolve(log.page(after)) });
  const asha = new Recorder();
  const begun = topic.subscribe(asha, 0);
  const seenBefore = log.page(0);
  log.lastSeq = 1;
  topic.heardOf(log.page(Infinity));
  answer(seenBefore);
  await begun;
  await settled();
  expect(asha.told).toEqual([1]);
});

test('a log that cannot be read is said to whoever comes, and nothing has begun', async () => {
  const { topic } = topicOver(new Log(1), { read: () => Promise.reject(new Error('away')) });
  const asha = new Recorder();
  await expect(topic.subscribe(asha, 3)).rejects.toThrow('away');
  expect([asha.beginnings, topic.subscribers]).toEqual([[], 0]);
});
