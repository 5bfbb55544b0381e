import { accountTopic } from '@payfan/contracts/live-protocol';
import { LiveClient, type LiveClientOptions, type LiveStatus, type Transport } from '@payfan/live-client';
import { NOTHING_MEASURED, withArrival, withTraffic, type MeasuredByTransport } from './measurements.ts';

export interface ComparisonState {
  measured: MeasuredByTransport;
  statuses: Readonly<Record<Transport, LiveStatus['state']>>;
  /** When it was measured last; 0 before. */
  atMs: number;
}

export const COMPARED = ['websocket', 'sse', 'polling'] as const satisfies readonly Transport[];
const MEASURED_EVERY_MS = 1_000;

const NOT_BEGUN: ComparisonState = {
  measured: NOTHING_MEASURED,
  statuses: { websocket: 'idle', sse: 'idle', polling: 'idle' },
  atMs: 0,
};

/** Follows one account three times at once, each time by another transport, and measures what each costs. */
export class Comparison {
  readonly #options: Pick<LiveClientOptions, 'url' | 'token'>;
  readonly #watchers = new Set<() => void>();
  #state = NOT_BEGUN;

  constructor(options: Pick<LiveClientOptions, 'url' | 'token'>) {
    this.#options = options;
  }

  /** The same object until something changes. */
  readonly state = (): ComparisonState => this.#state;
  readonly stateOnServer = (): ComparisonState => NOT_BEGUN;

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  /** Begins anew, from nothing measured. Returns what ends it. */
  follow(accountId: string): () => void {
    this.#change(NOT_BEGUN);
    const clients = COMPARED.map((transport) => {
      const client = new LiveClient({ ...this.#options, transport });
      client.subscribe(accountTopic(accountId), {
        onEvent: (event) => this.#measure(transport, (one, now) => withArrival(one, event, now)),
      });
      return { transport, client };
    });
    const read = () => {
      for (const { transport, client } of clients) {
        const traffic = client.traffic()[transport];
        this.#measure(transport, (one, now) => withTraffic(one, traffic, now));
        this.#change({ statuses: { ...this.#state.statuses, [transport]: client.status.state } });
      }
    };
    const timer = setInterval(read, MEASURED_EVERY_MS);
    read();
    return () => {
      clearInterval(timer);
      for (const { client } of clients) client.close();
    };
  }

  #measure(
    transport: Transport,
    change: (one: MeasuredByTransport[Transport], nowMs: number) => MeasuredByTransport[Transport],
  ): void {
    const now = Date.now();
    const { measured } = this.#state;
    this.#change({ measured: { ...measured, [transport]: change(measured[transport], now) }, atMs: now });
  }

  #change(change: Partial<ComparisonState>): void {
    this.#state = { ...this.#state, ...change };
    for (const watcher of this.#watchers) watcher();
  }
}
