import { Machine } from './machine.ts';
import type { LiveClientOptions, SubscribeOptions, Timers } from './options.ts';
import { PublishError } from './publish-error.ts';
import type { Transport, TransportChoice } from './protocol.ts';
import { DEFAULT_SETTINGS } from './settings.ts';
import type { Effect, Input, LiveFailure } from './signals.ts';
import { isSameStatus, type LiveStatus } from './status.ts';
import { surroundingsOf, type Surroundings } from './surroundings.ts';
import type { Fetch } from './transports/http-client.ts';
import { httpTransport } from './transports/http-link.ts';
import { poll } from './transports/polling.ts';
import { stream } from './transports/sse.ts';
import { noTraffic, type TrafficByTransport } from './transports/traffic.ts';
import type { GetToken, LinkEvents, OpenLink, OpenTransport } from './transports/transport.ts';
import { webSocketTransport } from './transports/websocket.ts';

/** The longest that timers can wait: https://developer.mozilla.org/docs/Web/API/Window/setTimeout */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Follows topics of a gateway, all of them over one connection, which it opens when somebody subscribes and
 * closes a little after nobody does any more.
 */
export class LiveClient {
  readonly #machine: Machine;
  readonly #transports: Record<Transport, OpenTransport>;
  readonly #token: GetToken;
  readonly #now: () => number;
  readonly #timers: Timers;
  readonly #onSubscriberError: (error: unknown) => void;
  readonly #surroundings: Surroundings;
  readonly #traffic = noTraffic();
  readonly #links = new Map<number, OpenLink>();
  readonly #subscribers = new Map<number, SubscribeOptions>();
  readonly #publications = new Map<number, (failure: LiveFailure | undefined) => void>();
  readonly #watchers = new Set<() => void>();
  readonly #inputs: Input[] = [];
  #isHandling = false;
  #lastRef = 0;
  #lastNow = 0;
  #status: LiveStatus;
  #timer: { at: number; handle: unknown } | undefined;
  #stopListening: (() => void) | undefined;

  constructor(options: LiveClientOptions) {
    const { url, token: getToken } = options;
    const fetch: Fetch = options.fetch ?? ((...args) => globalThis.fetch(...args));
    const constructorOf = () => options.WebSocket ?? globalThis.WebSocket;
    const traffic = this.#traffic;
    this.#transports = {
      websocket: webSocketTransport({ url, getToken, constructorOf, traffic: traffic.websocket }),
      sse: httpTransport({ url, getToken, fetch, traffic: traffic.sse, follow: stream }),
      polling: httpTransport({ url, getToken, fetch, traffic: traffic.polling, follow: poll }),
    };
    this.#token = getToken;
    this.#now = options.now ?? Date.now;
    this.#timers = options.timers ?? {
      setTimeout: (callback, ms) => globalThis.setTimeout(callback, ms),
      clearTimeout: (timer) => globalThis.clearTimeout(timer),
    };
    this.#surroundings = options.surroundings ?? surroundingsOf();
    this.#onSubscriberError = options.onSubscriberError ?? throwLater;
    const settings = { ...DEFAULT_SETTINGS, ...options.settings };
    this.#machine = new Machine(settings, options.transport ?? 'auto', options.random ?? Math.random);
    this.#status = this.#machine.status();
  }

  /** The same object until something changes. */
  get status(): LiveStatus {
    return this.#status;
  }

  /** Tells whenever the status has changed. Returns what ends that. */
  onStatus(watcher: () => void): () => void {
    const own = () => watcher();
    this.#watchers.add(own);
    return () => this.#watchers.delete(own);
  }

  /** What each transport cost so far. */
  traffic(): TrafficByTransport {
    return structuredClone(this.#traffic);
  }

  /**
   * Follows a topic, or with `words.*` all that begin so. Nothing is called before this returns, and nothing
   * after what it returned has been called.
   */
  subscribe(topic: string, options: SubscribeOptions): () => void {
    const subscriber = (this.#lastRef += 1);
    this.#subscribers.set(subscriber, options);
    this.#handle({ on: 'subscribe', subscriber, topic, after: options.after });
    return () => {
      if (this.#subscribers.delete(subscriber)) this.#handle({ on: 'unsubscribe', subscriber });
    };
  }

  /**
   * Tells whoever follows a topic; for service credentials, over WebSocket. Resolves when the gateway has it.
   *
   * @throws PublishError
   */
  publish(topic: string, type: string, data: unknown): Promise<void> {
    const ref = (this.#lastRef += 1);
    return new Promise((resolve, reject) => {
      this.#publications.set(ref, (failure) => {
        if (failure === undefined) resolve();
        else reject(new PublishError(topic, failure));
      });
      this.#handle({ on: 'publish', ref, topic, type, data });
    });
  }

  /** Changes the transport. What is live stays so: the old one goes when the new one tells everything. */
  setTransport(transport: TransportChoice): void {
    this.#handle({ on: 'choose', transport });
  }

  /** Connects again now: after a refusal, once its reason is gone, or instead of waiting. */
  retry(): void {
    this.#handle({ on: 'retry' });
  }

  /** Ends every connection. What is subscribed stays so, for `retry`. */
  close(): void {
    this.#handle({ on: 'close' });
  }

  /** One after the other: what a subscriber does when told is handled when all have been told. */
  #handle(input: Input): void {
    this.#inputs.push(input);
    if (this.#isHandling) return;
    this.#isHandling = true;
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        // A clock that is set back must not undo what has been waited for.
        this.#lastNow = Math.max(this.#lastNow, this.#now());
        for (const effect of this.#machine.handle(next, this.#lastNow)) this.#bringAbout(effect);
      }
    } finally {
      this.#isHandling = false;
    }
    this.#setTimer();
    this.#listen();
    this.#tellStatus();
  }

  #bringAbout(effect: Effect): void {
    switch (effect.do) {
      case 'open': {
        const { link: id, transport, renew } = effect;
        this.#links.set(id, this.#transports[transport]({ renew }, this.#eventsOf(id)));
        return;
      }
      case 'send':
        this.#links.get(effect.link)?.send(effect.frame);
        return;
      case 'send-token':
        void this.#sendToken(effect.link, effect.id);
        return;
      case 'close':
        this.#links.get(effect.link)?.close();
        this.#links.delete(effect.link);
        return;
      case 'tell':
        this.#guard(() => this.#subscribers.get(effect.subscriber)?.onEvent(effect.event));
        return;
      case 'tell-gap':
        this.#guard(() => this.#subscribers.get(effect.subscriber)?.onGap?.(effect.gap));
        return;
      case 'tell-failure':
        this.#guard(() => this.#subscribers.get(effect.subscriber)?.onFailure?.(effect.failure));
        return;
      case 'published':
        this.#publications.get(effect.ref)?.(effect.failure);
        this.#publications.delete(effect.ref);
    }
  }

  #eventsOf(link: number): LinkEvents {
    return {
      opened: () => this.#handle({ on: 'opened', link }),
      said: (said) => this.#handle({ on: 'said', link, said }),
      heard: () => this.#handle({ on: 'heard', link }),
      closed: (how) => {
        this.#links.delete(link);
        this.#handle({ on: 'closed', link, ...how });
      },
    };
  }

  /** Without one the gateway ends the connection, and the next begins with a new token. */
  async #sendToken(link: number, id: number): Promise<void> {
    const token = await this.#token({ renew: true }).catch(() => undefined);
    if (token !== undefined) this.#links.get(link)?.send({ id, t: 'token', token });
  }

  /** One subscriber's mistake is not another's. */
  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#onSubscriberError(error);
    }
  }

  #setTimer(): void {
    const at = this.#machine.wakeAt();
    if (at === this.#timer?.at) return;
    if (this.#timer !== undefined) this.#timers.clearTimeout(this.#timer.handle as never);
    this.#timer = undefined;
    if (at === undefined) return;
    const wake = () => {
      this.#timer = undefined;
      this.#handle({ on: 'tick' });
    };
    const ms = Math.min(LONGEST_TIMER_MS, Math.max(1, Math.ceil(at - this.#now())));
    this.#timer = { at, handle: this.#timers.setTimeout(wake, ms) };
  }

  #tellStatus(): void {
    const status = this.#machine.status();
    if (isSameStatus(status, this.#status)) return;
    this.#status = status;
    for (const watcher of this.#watchers) this.#guard(watcher);
  }

  /** Only while there is something to be kept up: a client that is left alone holds on to nothing. */
  #listen(): void {
    const isIdle = this.#machine.status().state === 'idle';
    if (isIdle) {
      this.#stopListening?.();
      this.#stopListening = undefined;
    } else if (this.#stopListening === undefined) {
      this.#stopListening = this.#surroundings.listen((on) => this.#handle({ on }));
      if (!this.#surroundings.isOnline()) this.#handle({ on: 'offline' });
    }
  }
}

function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
