import type { LiveClient } from '../live-client.ts';
import type { LiveEvent } from '../protocol.ts';
import type { LiveFailure } from '../signals.ts';
import type { Gap } from '../topic.ts';

/** What a component sees of a topic. */
export interface TopicState {
  /** The newest last. */
  events: readonly LiveEvent[];
  /** Some are gone for good: read the present state anew. Of several the last. */
  gap: Gap | undefined;
  /** The topic cannot be followed. */
  failure: LiveFailure | undefined;
}

export interface TopicStoreOptions {
  /** The last number that the page knows. */
  after: number | undefined;
  /** How many events are kept. */
  limit: number;
}

export const NOTHING_YET: TopicState = { events: [], gap: undefined, failure: undefined };

/**
 * Follows a topic while somebody watches, and goes on where it was when somebody does again: in strict mode
 * React leaves and comes back at once.
 */
export class TopicStore {
  readonly #client: LiveClient;
  readonly #topic: string;
  readonly #limit: number;
  readonly #watchers = new Set<() => void>();
  #after: number | undefined;
  #state = NOTHING_YET;
  #leave: (() => void) | undefined;

  constructor(client: LiveClient, topic: string, { after, limit }: TopicStoreOptions) {
    this.#client = client;
    this.#topic = topic;
    this.#after = after;
    this.#limit = limit;
  }

  /** The same object until something changes. */
  readonly state = (): TopicState => this.#state;

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    this.#leave ??= this.#client.subscribe(this.#topic, {
      after: this.#after,
      onEvent: (event) => this.#take(event),
      onGap: (gap) => {
        this.#after = gap.resumesAfter;
        this.#change({ gap });
      },
      onFailure: (failure) => this.#change({ failure }),
    });
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size > 0) return;
      this.#leave?.();
      this.#leave = undefined;
    };
  };

  #take(event: LiveEvent): void {
    // A pattern brings numbers of many logs.
    if (event.seq !== undefined && event.topic === this.#topic) this.#after = event.seq;
    const events = [...this.#state.events, event];
    this.#change({ events: events.slice(Math.max(0, events.length - this.#limit)), failure: undefined });
  }

  #change(change: Partial<TopicState>): void {
    this.#state = { ...this.#state, ...change };
    for (const watcher of this.#watchers) watcher();
  }
}
