import { accountOfTopic } from '@payfan/contracts/live-protocol';
import { readFrame, type ClientFrame, type LiveEvent, type Reply, type SubscribeFrame } from '../protocol.ts';
import {
  HistoryGoneError,
  HttpClient,
  LinkEndedError,
  RefusedError,
  type HttpClientOptions,
} from './http-client.ts';
import type { LinkEvents, OpenLink, OpenTransport } from './transport.ts';

/** A topic that is followed over HTTP, from a number on. */
interface Followed {
  topic: string;
  /** Undefined for a topic without a log. */
  after: number | undefined;
  http: HttpClient;
  signal: AbortSignal;
  /** Frames, or nothing but a sign of life. */
  onFrames: (said: ReturnType<typeof readFrame>) => void;
  /** It has begun, and whatever happens from now on is told. */
  onBegun: () => void;
}

/** Tells what happens after a number, for as long as it can; returning means that it has to begin anew. */
export type Follow = (followed: Followed) => Promise<void>;

export interface HttpTransportOptions extends HttpClientOptions {
  follow: Follow;
}

/** Asks after a number that no log reaches: the refusal says where it ends. */
const BEYOND_ALL = Number.MAX_SAFE_INTEGER;
/** The gateway's longest page. */
const PAGE = 100;

/** The path of a page of a topic's log. */
export const eventsPath = (topic: string, after: number, waitSeconds: number): string =>
  `v1/events?${new URLSearchParams({ topic, after: String(after), limit: String(PAGE), wait: String(waitSeconds) }).toString()}`;

/**
 * What a WebSocket does in frames, by HTTP requests: one follower for each topic. The past comes in pages, so it
 * is known when it is over; then `follow` tells what happens.
 */
export function httpTransport(options: HttpTransportOptions): OpenTransport {
  return ({ renew }, events) => new HttpLink(options, events, renew);
}

class HttpLink implements OpenLink {
  readonly #options: HttpTransportOptions;
  readonly #events: LinkEvents;
  readonly #http: HttpClient;
  readonly #followers = new Map<string, AbortController>();
  #isOver = false;

  constructor(options: HttpTransportOptions, events: LinkEvents, renew: boolean) {
    this.#options = options;
    this.#events = events;
    this.#http = new HttpClient(options);
    void this.#http.renewToken(renew).then(
      () => {
        if (!this.#isOver) events.opened();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  send(frame: ClientFrame): void {
    if (this.#isOver) return;
    if (frame.t === 'subscribe') this.#subscribe(frame);
    if (frame.t === 'unsubscribe') this.#unsubscribe(frame.topic);
    if (frame.t === 'token') {
      this.#http.useToken(frame.token);
      this.#reply({ re: frame.id, ok: true });
    }
  }

  close(): void {
    this.#isOver = true;
    for (const topic of [...this.#followers.keys()]) this.#unsubscribe(topic);
  }

  #unsubscribe(topic: string): void {
    this.#followers.get(topic)?.abort();
    this.#followers.delete(topic);
  }

  #subscribe(frame: SubscribeFrame): void {
    this.#unsubscribe(frame.topic);
    const controller = new AbortController();
    this.#followers.set(frame.topic, controller);
    const { signal } = controller;
    this.#follow(frame, signal).catch((error: unknown) => {
      if (signal.aborted) return;
      if (error instanceof RefusedError) this.#reply({ re: frame.id, ok: false, error: error.error });
      else this.#fail(error);
    });
  }

  async #follow({ id, topic, after }: SubscribeFrame, signal: AbortSignal): Promise<void> {
    const hasLog = accountOfTopic(topic) !== undefined;
    const begun = hasLog ? await this.#begin(topic, after, signal) : undefined;
    const seq = begun?.seq;
    await this.#options.follow({
      ...{ topic, after: seq, http: this.#http, signal },
      onFrames: (said) => this.#say(said, signal),
      onBegun: () => {
        if (!signal.aborted) this.#reply({ ...(begun ?? { ok: true }), re: id });
      },
    });
    throw new LinkEndedError({});
  }

  /** Tells the past. Answers where it ends. */
  async #begin(
    topic: string,
    after: number | undefined,
    signal: AbortSignal,
  ): Promise<Omit<Reply, 're'> & { seq: number }> {
    try {
      let seq = after ?? BEYOND_ALL;
      for (;;) {
        const page = await pageOf(this.#http, eventsPath(topic, seq, 0), signal);
        this.#say(
          page.data.map((event) => ({ t: 'event', event })),
          signal,
        );
        seq = page.next;
        if (page.data.length < PAGE) return { ok: true, seq };
      }
    } catch (error) {
      if (!(error instanceof HistoryGoneError)) throw error;
      const { seq, snapshot } = error;
      if (after === undefined) return { ok: true, seq };
      const gone = {
        code: 'history_gone',
        retryable: false,
        ...(snapshot !== undefined && { snapshot }),
      } as const;
      return { ok: false, seq, error: gone };
    }
  }

  #say(said: ReturnType<typeof readFrame>, signal: AbortSignal): void {
    if (this.#isOver || signal.aborted) return;
    this.#options.traffic.events += said.filter(({ t }) => t === 'event').length;
    if (said.length === 0) this.#events.heard();
    else this.#events.said(said);
  }

  #reply(reply: Reply): void {
    if (!this.#isOver) this.#events.said([{ t: 'reply', reply }]);
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.close();
    this.#events.closed(error instanceof LinkEndedError ? error.how : {});
  }
}

interface Page {
  data: LiveEvent[];
  next: number;
}

/** @throws as `HttpClient.getJson`, and LinkEndedError if it is no page: whoever answered is not the gateway. */
export async function pageOf(http: HttpClient, path: string, signal: AbortSignal): Promise<Page> {
  const page = (await http.getJson(path, signal)) as Partial<Page> | null;
  const { data, next } = page ?? {};
  if (!Array.isArray(data) || typeof next !== 'number') throw new LinkEndedError({});
  const events = data.flatMap((one) => readFrame(JSON.stringify(one)));
  return { data: events.flatMap((said) => (said.t === 'event' ? said.event : [])), next };
}
