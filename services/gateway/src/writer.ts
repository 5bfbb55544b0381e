/** Where bytes go: a socket, or the response of an event stream. */
export interface Sink {
  /** Bytes that nobody has taken yet. */
  readonly writableLength: number;
  /** Only if more than this waited does it say when all is taken. */
  readonly writableHighWaterMark: number;
  write(bytes: Buffer): boolean;
  once(event: 'drain' | 'close', listener: () => void): unknown;
  off(event: 'drain' | 'close', listener: () => void): unknown;
}

export interface WriterOptions {
  readonly sink: Sink;
  /** False as soon as nothing may be written any more. */
  readonly isOpen: () => boolean;
  /** The reader is slow if more waits for it. */
  readonly mostBufferedBytes: number;
  /** Called once. */
  readonly onSlow: () => void;
}

/** What is said in one turn of the event loop leaves in one write; beyond this, in several. */
const MOST_AT_ONCE_BYTES = 64 * 1024;

let saying: Writer[] = [];

/** One callback for all writers that have something to say: a broadcast has thousands of them. */
function atEndOfTurn(writer: Writer): void {
  if (saying.length === 0) {
    setImmediate(() => {
      const writers = saying;
      saying = [];
      for (const one of writers) one.endTurn();
    });
  }
  saying.push(writer);
}

/**
 * Writes to one client. What is said in one turn of the event loop leaves in one write, since a write costs ten
 * times what a further event in it does. A reader that does not keep up is found out, so that what waits for
 * it is bounded.
 */
export class Writer {
  readonly #options: WriterOptions;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #isScheduled = false;
  #isSlow = false;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  push(bytes: Buffer): void {
    if (this.#isSlow) return;
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    if (this.#queuedBytes >= MOST_AT_ONCE_BYTES) {
      this.flush();
    } else if (!this.#isScheduled) {
      this.#isScheduled = true;
      atEndOfTurn(this);
    }
  }

  /** To be called when the turn of the event loop is over. */
  endTurn(): void {
    this.#isScheduled = false;
    this.flush();
  }

  /** Writes what has been said so far. */
  flush(): void {
    const [first] = this.#queue;
    if (first === undefined) return;
    const bytes = this.#queue.length === 1 ? first : Buffer.concat(this.#queue, this.#queuedBytes);
    this.#queue = [];
    this.#queuedBytes = 0;
    const { sink, isOpen, mostBufferedBytes, onSlow } = this.#options;
    if (!isOpen()) return;
    sink.write(bytes);
    if (sink.writableLength <= mostBufferedBytes) return;
    this.#isSlow = true;
    onSlow();
  }

  /** Resolves when little waits (less than a quarter of what may), or when nobody reads any more. */
  async hasRoom(): Promise<void> {
    this.flush();
    const { sink, isOpen, mostBufferedBytes } = this.#options;
    const little = Math.max(mostBufferedBytes / 4, sink.writableHighWaterMark);
    while (isOpen() && sink.writableLength > little) await drained(sink);
  }
}

function drained(sink: Sink): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      sink.off('drain', done);
      sink.off('close', done);
      resolve();
    };
    sink.once('drain', done);
    sink.once('close', done);
  });
}
