import { ApiError, apiErrorOf, unreachable } from '../api/api-error.ts';
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
  expiresAtMs: number;
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
  #renewing: Promise<string> | undefined;
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

  /**
   * A JWT for an API. Several who ask at once are given one.
   *
   * @throws ApiError
   */
  async token({ renew }: { renew: boolean }): Promise<string> {
    const cached = this.#cached;
    if (!renew && cached !== undefined && cached.expiresAtMs - this.#now() > MARGIN_MS) return cached.token;
    this.#renewing ??= this.#renew().finally(() => (this.#renewing = undefined));
    return this.#renewing;
  }

  /** @throws ApiError `unauthenticated` for a key that is none */
  async signIn(key: string): Promise<void> {
    const answer = await this.#ask('/session', 'POST', { key });
    if (!answer.ok) throw await apiErrorOf(answer);
    this.#keep(await tokenIn(answer), { isNew: true });
  }

  /** @throws ApiError when the server could not be told */
  async signOut(): Promise<void> {
    const answer = await this.#ask('/session', 'DELETE');
    if (!answer.ok) throw await apiErrorOf(answer);
    this.#leave();
  }

  async #renew(): Promise<string> {
    try {
      const answer = await this.#ask('/session/token', 'POST');
      if (!answer.ok) throw await apiErrorOf(answer);
      const cached = await tokenIn(answer);
      this.#keep(cached, { isNew: false });
      return cached.token;
    } catch (error) {
      if (error instanceof ApiError) this.#failed(error);
      throw error;
    }
  }

  async #ask(path: string, method: string, body?: object): Promise<Response> {
    const init: RequestInit = { method, cache: 'no-store' };
    if (body !== undefined) {
      init.headers = { 'content-type': 'application/json' };
      init.body = JSON.stringify(body);
    }
    return this.#fetch(path, init).catch(() => {
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

async function tokenIn(answer: Response): Promise<Cached> {
  const { token, expiresAt } = (await answer.json()) as { token: string; expiresAt: string };
  return { token, expiresAtMs: Date.parse(expiresAt) };
}

/** What kind of owner the session has, as far as is known. */
export function kindIn(state: SessionState): Principal['kind'] | undefined {
  if (state.phase === 'open') return state.principal.kind;
  return state.phase === 'opening' ? state.kind : undefined;
}
