import { ApiError, apiErrorOf, unreachable } from '../api/api-error.ts';
import { USUAL_TIMEOUT_MS, wholeAnswer } from '../api/whole-answer.ts';
import { identityOf, principalOf, type Principal } from './principal.ts';

export type SessionState =
  | { phase: 'signed-out' }
  /** There is a session, and the page does not know yet whose; of what kind they are, it may have been told. */
  | { phase: 'opening'; kind?: Principal['kind'] | undefined }
  /** It cannot be opened at the moment. */
  | { phase: 'failed'; error: ApiError }
  | { phase: 'open'; principal: Principal };

export interface Snapshot {
  state: SessionState;
  /** Counts those who were signed in on this page: what was kept for one is not for the next. */
  epoch: number;
}

export interface SessionOptions {
  /** Whether the server was sent a session. */
  signedIn: boolean;
  /** As the server was told. */
  kind?: Principal['kind'] | undefined;
  fetch?: typeof globalThis.fetch;
  /** Milliseconds since 1970. */
  now?: () => number;
}

interface Cached {
  token: string;
  /** By the clock of this page. */
  expiresAtMs: number;
}

export interface TokenOptions {
  renew: boolean;
  /** Of whom it is asked for; whoever is signed in unless told. */
  epoch?: number;
}

/** A token that ends so soon is not begun with. */
const MARGIN_MS = 30_000;

/** The page's end of the session: keeps its token, in memory and nowhere else. */
export class Session {
  readonly #fetch: typeof globalThis.fetch;
  readonly #now: () => number;
  readonly #watchers = new Set<() => void>();
  #snapshot: Snapshot;
  #cached: Cached | undefined;
  /** Undefined of what was overtaken. */
  #renewing: Promise<string | undefined> | undefined;
  /** Rises when an answer that is still to come may be about another cookie than the browser has now. */
  #generation = 0;
  #identity: string | undefined;

  constructor({ signedIn, kind, fetch, now = Date.now }: SessionOptions) {
    this.#fetch = fetch ?? ((...args) => globalThis.fetch(...args));
    this.#now = now;
    this.#snapshot = { state: signedIn ? { phase: 'opening', kind } : { phase: 'signed-out' }, epoch: 0 };
  }

  readonly snapshot = (): Snapshot => this.#snapshot;

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  /** Learns whose session it is. */
  async open(): Promise<void> {
    await this.token({ renew: true }).catch(() => undefined);
  }

  /** Learns whose session it is now that another page has changed it: what was asked before is of no use. */
  async openAnew(): Promise<void> {
    this.#overtake();
    await this.open();
  }

  /**
   * A JWT for an API. Several who ask at once are given one. Nobody is given another person's: what was begun by
   * one must not end as the next.
   *
   * @throws ApiError `session_changed` if it is somebody else's session by now
   */
  async token({ renew, epoch = this.#snapshot.epoch }: TokenOptions): Promise<string> {
    this.#assertStill(epoch);
    const cached = this.#cached;
    if (!renew && cached !== undefined && cached.expiresAtMs - this.#now() > MARGIN_MS) return cached.token;
    for (;;) {
      this.#renewing ??= this.#renew();
      const token = await this.#renewing;
      this.#assertStill(epoch);
      if (token !== undefined) return token;
    }
  }

  /** @throws ApiError `unauthenticated` for a key that is none */
  async signIn(key: string): Promise<void> {
    const askedAtMs = this.#now();
    const answer = await this.#ask('/session', 'POST', { key });
    if (!answer.ok) throw await apiErrorOf(answer);
    const cached = await tokenIn(answer, askedAtMs);
    this.#overtake();
    this.#keep(cached, { isNew: true });
  }

  /** @throws ApiError when the server could not be told */
  async signOut(): Promise<void> {
    const answer = await this.#ask('/session', 'DELETE');
    if (!answer.ok) throw await apiErrorOf(answer);
    this.#overtake();
    this.#leave();
  }

  #overtake(): void {
    this.#generation += 1;
    this.#renewing = undefined;
  }

  #assertStill(epoch: number): void {
    if (epoch === this.#snapshot.epoch) return;
    const detail = 'Somebody else is signed in by now. Nothing was done in their name.';
    throw new ApiError({ status: 401, code: 'session_changed', detail });
  }

  async #renew(): Promise<string | undefined> {
    const generation = this.#generation;
    const isOvertaken = () => generation !== this.#generation;
    try {
      const askedAtMs = this.#now();
      const answer = await this.#ask('/session/token', 'POST');
      if (!answer.ok) throw await apiErrorOf(answer);
      const cached = await tokenIn(answer, askedAtMs);
      if (isOvertaken()) return undefined;
      this.#keep(cached, { isNew: false });
      return cached.token;
    } catch (error) {
      if (isOvertaken()) return undefined;
      if (error instanceof ApiError) this.#failed(error);
      throw error;
    } finally {
      if (!isOvertaken()) this.#renewing = undefined;
    }
  }

  async #ask(path: string, method: string, body?: object): Promise<Response> {
    const init: RequestInit = { method, cache: 'no-store' };
    if (body !== undefined) {
      init.headers = { 'content-type': 'application/json' };
      init.body = JSON.stringify(body);
    }
    const limits = { fetch: this.#fetch, timeoutMs: USUAL_TIMEOUT_MS };
    return wholeAnswer(path, init, limits).catch(() => {
      throw unreachable('web');
    });
  }

  #keep(cached: Cached, { isNew }: { isNew: boolean }): void {
    const principal = principalOf(cached.token);
    if (principal === undefined) {
      throw new ApiError({ status: 0, code: 'bad_token', detail: 'The session names nobody.' });
    }
    this.#cached = cached;
    const identity = identityOf(principal);
    // Another page of this browser may have signed in somebody else meanwhile.
    const isAnother = isNew || (this.#identity !== undefined && this.#identity !== identity);
    const isKnown = this.#identity === identity && this.#snapshot.state.phase === 'open';
    this.#identity = identity;
    if (!isAnother && isKnown) return;
    this.#change({ phase: 'open', principal }, isAnother);
  }

  #failed(error: ApiError): void {
    if (error.status === 401) this.#leave();
    // Whoever is signed in stays so: the next request asks again.
    else if (this.#snapshot.state.phase !== 'open') this.#change({ phase: 'failed', error }, false);
  }

  #leave(): void {
    this.#cached = undefined;
    this.#identity = undefined;
    this.#change({ phase: 'signed-out' }, true);
  }

  #change(state: SessionState, isAnother: boolean): void {
    this.#snapshot = { state, epoch: this.#snapshot.epoch + (isAnother ? 1 : 0) };
    for (const watcher of this.#watchers) watcher();
  }
}

/** Counts from when it was asked for: a page's clock may be minutes off, but goes as fast as others. */
async function tokenIn(answer: Response, askedAtMs: number): Promise<Cached> {
  const { token, secondsLeft } = (await answer.json()) as { token: string; secondsLeft: number };
  return { token, expiresAtMs: askedAtMs + secondsLeft * 1_000 };
}

/** What kind of owner the session has, as far as is known. */
export function kindIn(state: SessionState): Principal['kind'] | undefined {
  if (state.phase === 'open') return state.principal.kind;
  return state.phase === 'opening' ? state.kind : undefined;
}
