import type { LiveClient, LiveStatus } from '@payfan/live-client';
import { lineAfter, type LineHistory } from './pill.ts';

const NOTHING_YET: LiveStatus = { state: 'idle', transport: 'websocket', caughtUp: 0 };
const BEGINNING: LineHistory = { status: NOTHING_YET, sinceMs: 0, liveUntilMs: undefined };

/** Remembers what the page has seen of its live line, while somebody looks. */
export class LineMemory {
  readonly #client: Pick<LiveClient, 'status' | 'onStatus'>;
  readonly #now: () => number;
  readonly #watchers = new Set<() => void>();
  #history = BEGINNING;
  #leave: (() => void) | undefined;

  constructor(client: Pick<LiveClient, 'status' | 'onStatus'>, now: () => number = Date.now) {
    this.#client = client;
    this.#now = now;
  }

  readonly history = (): LineHistory => this.#history;
  readonly historyOnServer = (): LineHistory => BEGINNING;

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    this.#leave ??= this.#client.onStatus(() => this.#look());
    this.#look();
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size > 0) return;
      this.#leave?.();
      this.#leave = undefined;
    };
  };

  #look(): void {
    const next = lineAfter(this.#history, this.#client.status, this.#now());
    if (next === this.#history) return;
    this.#history = next;
    for (const watcher of this.#watchers) watcher();
  }
}
