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
   * After a batch that had more than one item, the next one begins so many milliseconds after it; as soon as it can
   * unless told. Where calls come one close upon the other, what costs is to be woken for each.
   */
  apartMs?: number;
  /** Items with which a batch waits for no more; `maxItems` unless told. */
  enough?: number;
  /** Items that may wait for a batch; beyond it calls are refused with a `QueueFull`. No limit unless told. */
  maxWaiting?: number;
}

/** Too many wait already: whoever comes now had better come again later. */
export class QueueFull extends Error {
  constructor(waiting: number) {
    super(`${waiting} are waiting already`);
    this.name = 'QueueFull';
  }
}

/**
 * Turns single calls into batches without making anybody wait: a call that finds a worker free starts at
 * once; those that arrive while all are busy gather, and become the next batch. So the batch size tunes
 * itself to the load, and a lone call is never delayed.
 */
export function gather<Item, Result>(options: GatherOptions<Item, Result>): (item: Item) => Promise<Result> {
  const { work, maxItems, concurrency = 1, lingerMs = 0, apartMs = 0 } = options;
  const { enough = maxItems, maxWaiting = Infinity } = options;
  interface Waiting {
    item: Item;
    resolve: (result: Result) => void;
    reject: (reason: unknown) => void;
  }
  let waiting: Waiting[] = [];
  let busy = 0;
  let last = { items: 0, beganMs: -Infinity };
  let atEndOfTurn = false;
  let timer: NodeJS.Timeout | undefined;

  function startBatches(): void {
    atEndOfTurn = false;
    clearTimeout(timer);
    timer = undefined;
    while (busy < concurrency && waiting.length > 0) {
      const restMs = restingMs();
      if (restMs > 0) {
        timer = setTimeout(startBatches, restMs);
        return;
      }
      const batch = waiting.slice(0, maxItems);
      waiting = waiting.slice(maxItems);
      busy += 1;
      last = { items: batch.length, beganMs: performance.now() };
      void runBatch(batch);
    }
  }

  /** How long the next batch has yet to wait because of the last one. */
  function restingMs(): number {
    if (last.items < 2 || waiting.length >= enough) return 0;
    return last.beganMs + apartMs - performance.now();
  }

  async function runBatch(batch: Waiting[]): Promise<void> {
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
      waiting.push({ item, resolve, reject });
      if (atEndOfTurn || busy >= concurrency) return;
      const isEnough = waiting.length >= enough;
      if (timer !== undefined && !isEnough) return;
      if (lingerMs > 0 && !isEnough) {
        timer = setTimeout(startBatches, lingerMs);
        return;
      }
      // At the end of this turn of the event loop, so that calls made in the same turn share a batch.
      atEndOfTurn = true;
      setImmediate(startBatches);
    });
}
