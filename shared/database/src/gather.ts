export interface GatherOptions<Item, Result> {
  /** Does a batch: one result for each item, in their order. If it throws, every item of the batch fails. */
  work: (items: Item[]) => Promise<Result[]>;
  /** Items in a batch at most. */
  maxItems: number;
  /** Batches under way at once. */
  concurrency?: number;
  /** How long the first of a batch waits for others, in milliseconds; not at all unless told. */
  lingerMs?: number;
  /**
   * After a batch that had more than one item, the next one begins so many milliseconds after it, and up to five times
   * as many where batches are large and take long for their size; as soon as it can unless told. Where calls come one
   * close upon the other, what costs is to be woken for each.
   */
  apartMs?: number;
  /** Items with which a batch waits for no more; `maxItems` unless told. */
  enough?: number;
  /** Items that may wait for a batch; beyond it calls are refused with a `QueueFull`. No limit unless told. */
  maxWaiting?: number;
  /** A call that has waited longer for its batch is refused with a `QueueFull`; its caller has given up by then. */
  maxWaitMs?: number;
}

/** Too many wait already: whoever comes now had better come again later. */
export class QueueFull extends Error {
  constructor(waiting: number) {
    super(`${waiting} are waiting already`);
    this.name = 'QueueFull';
  }
}

/** Callers that have waited for a batch and call again at once do so within this of its end. */
const BACK_WITHIN_MS = 3;
/**
 * Batches that are to be apart may take this share of the time. They take longer where the machine has too much to do,
 * and larger ones, further apart, give it less.
 */
const SHARE_OF_TIME = 1 / 8;
/**
 * No further apart than so many times what was asked for, as people wait for it; and no further than half as many times
 * as the last batch had items, as where few come there is nothing to be saved.
 */
const FURTHEST_APART = 5;
/** How much the last batch counts in what is expected of the next one. */
const WEIGHT_OF_LAST = 0.2;
const NONE_ENDED = { items: Infinity, atMs: -Infinity, calls: 0 };

/**
 * Turns single calls into batches: a call that finds a worker free starts at once, unless `lingerMs` or `apartMs`
 * is told; those that arrive while all are busy gather, and become the next batch. So the batch size tunes
 * itself to the load, and a lone call is never delayed.
 *
 * Batches that are to be apart are the further apart the longer they take, so that a machine with too much to do gets
 * fewer and larger ones. They do not wait for each other where as many call again as the last one answered: nobody
 * else is there, and they would all wait for the clock.
 */
export function gather<Item, Result>(options: GatherOptions<Item, Result>): (item: Item) => Promise<Result> {
  const { work, maxItems, concurrency = 1, lingerMs = 0, apartMs = 0 } = options;
  const { enough = maxItems, maxWaiting = Infinity, maxWaitMs = Infinity } = options;
  interface Waiting {
    item: Item;
    calledAtMs: number;
    resolve: (result: Result) => void;
    reject: (reason: unknown) => void;
  }
  let waiting: Waiting[] = [];
  /** Since when the first of them waits. */
  let sinceMs = 0;
  let busy = 0;
  let begun = { items: 0, atMs: -Infinity };
  /** What a batch of `enough` takes, as an average of those before it: one that is larger takes long anywhere. */
  let takesMs = 0;
  /** The last batch that ended since one was begun, and how many have called right after it. */
  let ended = NONE_ENDED;
  let atEndOfTurn = false;
  let timer: NodeJS.Timeout | undefined;

  function startBatches(): void {
    atEndOfTurn = false;
    clearTimeout(timer);
    timer = undefined;
    refuseOverdue();
    while (busy < concurrency && waiting.length > 0) {
      const restMs = restingMs();
      // Timers know whole milliseconds.
      if (restMs >= 1) {
        timer = setTimeout(startBatches, Math.ceil(restMs));
        return;
      }
      const batch = waiting.slice(0, maxItems);
      waiting = waiting.slice(maxItems);
      busy += 1;
      const atMs = performance.now();
      begun = { items: batch.length, atMs };
      ended = NONE_ENDED;
      void runBatch(batch, atMs);
    }
  }

  /** While batches are stuck, calls wait whose callers were answered long ago; doing them would delay the others. */
  function refuseOverdue(): void {
    const oldestMs = performance.now() - maxWaitMs;
    let overdue = 0;
    while (overdue < waiting.length && (waiting[overdue]?.calledAtMs ?? 0) < oldestMs) overdue += 1;
    if (overdue === 0) return;
    const error = new QueueFull(waiting.length);
    for (const { reject } of waiting.splice(0, overdue)) reject(error);
  }

  /** How long those that wait have yet to wait for others. */
  function restingMs(): number {
    if (waiting.length >= enough) return 0;
    const nowMs = performance.now();
    const lingeringMs = sinceMs + lingerMs - nowMs;
    return begun.items > 1 && !areAllBack()
      ? Math.max(lingeringMs, begun.atMs + betweenMs() - nowMs)
      : lingeringMs;
  }

  function betweenMs(): number {
    const furthest = Math.max(1, Math.min(begun.items / 2, FURTHEST_APART));
    return Math.min(Math.max(apartMs, takesMs / SHARE_OF_TIME), apartMs * furthest);
  }

  function areAllBack(): boolean {
    return ended.calls >= ended.items;
  }

  async function runBatch(batch: Waiting[], atMs: number): Promise<void> {
    try {
      const results = await work(batch.map(({ item }) => item));
      if (results.length !== batch.length) {
        throw new Error(`a batch of ${batch.length} items came back with ${results.length} results`);
      }
      results.forEach((result, index) => batch[index]?.resolve(result));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      busy -= 1;
      ended = { items: batch.length, atMs: performance.now(), calls: 0 };
      const tookMs = (ended.atMs - atMs) * Math.min(1, enough / batch.length);
      takesMs += (tookMs - takesMs) * WEIGHT_OF_LAST;
      startBatches();
    }
  }

  return (item) =>
    new Promise<Result>((resolve, reject) => {
      // Those that start at the end of this turn do not wait.
      if (waiting.length >= maxWaiting + (concurrency - busy) * maxItems) {
        reject(new QueueFull(waiting.length));
        return;
      }
      const nowMs = performance.now();
      if (waiting.length === 0) sinceMs = nowMs;
      if (nowMs < ended.atMs + BACK_WITHIN_MS) ended.calls += 1;
      waiting.push({ item, calledAtMs: nowMs, resolve, reject });
      if (atEndOfTurn || busy >= concurrency) return;
      if (timer !== undefined && waiting.length < enough && !areAllBack()) return;
      // At the end of this turn of the event loop, so that calls made in the same turn share a batch.
      atEndOfTurn = true;
      setImmediate(startBatches);
    });
}
