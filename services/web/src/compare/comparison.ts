import { accountTopic } from '@payfan/contracts/live-protocol';
import { LiveClient, type LiveClientOptions, type LiveStatus, type Transport } from '@payfan/live-client';
import { ApiError } from '../api/api-error.ts';
import { NOTHING_MEASURED, withArrival, withTraffic, type MeasuredByTransport } from './measurements.ts';

export interface ComparisonState {
  measured: MeasuredByTransport;
  statuses: Readonly<Record<Transport, LiveStatus['state']>>;
  /** Of those that do not tell everything. */
  failures: Readonly<Partial<Record<Transport, Failure>>>;
  /** When it was measured last; 0 before. */
  atMs: number;
}

export interface Failure {
  error: ApiError;
  /** Undefined where it goes on by itself. */
  retry?: (() => void) | undefined;
}

export const COMPARED = ['websocket', 'sse', 'polling'] as const satisfies readonly Transport[];
const MEASURED_EVERY_MS = 1_000;

const NOT_BEGUN: ComparisonState = {
  measured: NOTHING_MEASURED,
  statuses: { websocket: 'idle', sse: 'idle', polling: 'idle' },
  failures: {},
  atMs: 0,
};

type Client = Pick<LiveClient, 'subscribe' | 'traffic' | 'status' | 'retry' | 'close'>;
type Options = Pick<LiveClientOptions, 'url' | 'token'>;

/** Follows one account three times at once, each time by another transport, and measures what each costs. */
export class Comparison {
  readonly #options: Options;
  readonly #open: (options: LiveClientOptions) => Client;
  readonly #watchers = new Set<() => void>();
  #state = NOT_BEGUN;

  constructor(options: Options, open = (of: LiveClientOptions): Client => new LiveClient(of)) {
    this.#options = options;
    this.#open = open;
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
      const client = this.#open({ ...this.#options, transport });
      const subscribe = () =>
        client.subscribe(accountTopic(accountId), {
          onEvent: (event) => this.#measure(transport, (one, now) => withArrival(one, event, now)),
          onGap: () => this.#failed(transport, { error: failureOf('gap', MISSED) }),
          onFailure: ({ code, detail }) =>
            this.#failed(transport, { error: failureOf(code, detail ?? NOT_FOLLOWED), retry: askAgain }),
        });
      let unsubscribe = subscribe();
      // A topic that was refused is asked for again when somebody begins to follow it.
      const askAgain = () => {
        this.#failed(transport, undefined);
        unsubscribe();
        unsubscribe = subscribe();
      };
      const retry = () => {
        this.#failed(transport, undefined);
        client.retry();
      };
      return { transport, client, retry };
    });
    const read = () => {
      for (const { transport, client, retry } of clients) {
        const traffic = client.traffic()[transport];
        this.#measure(transport, (one, now) => withTraffic(one, traffic, now));
        const { status } = client;
        this.#change({ statuses: { ...this.#state.statuses, [transport]: status.state } });
        if (status.state !== 'refused') continue;
        const { reason } = status;
        if (this.#state.failures[transport]?.error.code !== reason) {
          this.#failed(transport, { error: failureOf(reason, REFUSALS[reason] ?? NOT_FOLLOWED), retry });
        }
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

  #failed(transport: Transport, failure: Failure | undefined): void {
    this.#change({ failures: { ...this.#state.failures, [transport]: failure } });
  }

  #change(change: Partial<ComparisonState>): void {
    this.#state = { ...this.#state, ...change };
    for (const watcher of this.#watchers) watcher();
  }
}

const NOT_FOLLOWED = 'The gateway does not let this account be followed so.';
const MISSED =
  'Some events were not told any more and are not counted. Start again to compare like with like.';
const REFUSALS: Partial<Record<string, string>> = {
  bad_token: 'The gateway does not accept this session.',
  too_many_connections: 'This account is open on too many pages: close some of them, and try again.',
};

const failureOf = (code: string, detail: string): ApiError => new ApiError({ status: 0, code, detail });
