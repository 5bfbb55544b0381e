import { waitFor } from '@payfan/stack/testing';

/** One event as a browser's EventSource would tell it. */
export interface ReadEvent {
  event: string;
  id: string | undefined;
  data: string;
}

/** Reads server-sent events. */
export class EventReader {
  readonly read: ReadEvent[] = [];
  comments = 0;
  /** What a browser would resume from. */
  lastId: string | undefined;
  /** Resolves when the gateway ends it. */
  readonly ended: Promise<void>;
  readonly #leaving: AbortController;

  private constructor(body: ReadableStream<Uint8Array>, leaving: AbortController) {
    this.#leaving = leaving;
    this.ended = this.#readAll(body).catch(() => undefined);
  }

  static async open(url: string, init: RequestInit): Promise<EventReader> {
    const leaving = new AbortController();
    const response = await fetch(url, { ...init, signal: leaving.signal });
    if (response.status !== 200 || response.body === null) {
      leaving.abort();
      throw new Error(`${url} answered ${response.status}`);
    }
    return new EventReader(response.body, leaving);
  }

  /** Resolves once so many events were read. */
  async events(count: number): Promise<ReadEvent[]> {
    await waitFor(() => Promise.resolve(this.read.length >= count), {
      what: `${count} events of the stream (there are ${this.read.length})`,
    });
    return this.read;
  }

  close(): void {
    this.#leaving.abort();
  }

  async #readAll(body: ReadableStream<Uint8Array>): Promise<void> {
    let text = '';
    const decoder = new TextDecoder();
    for await (const bytes of body) {
      text += decoder.decode(bytes, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) this.#take(block);
    }
  }

  #take(block: string): void {
    const lines = block.split('\n');
    this.comments += lines.filter((line) => line.startsWith(':')).length;
    const field = (name: string) =>
      lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
    this.lastId = field('id') ?? this.lastId;
    const data = field('data');
    if (data !== undefined) this.read.push({ event: field('event') ?? 'message', id: field('id'), data });
  }
}
