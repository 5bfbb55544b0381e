import type { Reply } from '../protocol.ts';
import { headerBytes, requestBytes, type Traffic } from './traffic.ts';
import { addressOf, type GetToken } from './transport.ts';

export type Fetch = typeof globalThis.fetch;

export interface HttpClientOptions {
  url: string;
  getToken: GetToken;
  fetch: Fetch;
  traffic: Traffic;
}

/** The gateway will not have it, and repeating it is of no use. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly error: NonNullable<Reply['error']>;
  constructor(error: NonNullable<Reply['error']>) {
    super(`the gateway refused: ${error.code}`);
    this.error = error;
  }
}

/** The log no longer reaches back; it goes on after `seq`. */
export class HistoryGoneError extends Error {
  override readonly name = 'HistoryGoneError';
  readonly seq: number;
  readonly snapshot: string | undefined;
  constructor(seq: number, snapshot: string | undefined) {
    super(`the log no longer reaches back: read ${snapshot ?? 'the present state'}, then go on after ${seq}`);
    this.seq = seq;
    this.snapshot = snapshot;
  }
}

/** Ends the connection, as the close code of a socket would. */
export class LinkEndedError extends Error {
  override readonly name = 'LinkEndedError';
  readonly how: { code?: number; retryAfterMs?: number; tokenFailed?: boolean };
  constructor(how: LinkEndedError['how']) {
    super(`the connection ended: ${JSON.stringify(how)}`);
    this.how = how;
  }
}

interface Problem {
  code?: string;
  detail?: string;
  snapshot?: string;
  seq?: number;
}

/** Requests to a gateway, in the name of the token's owner. The token is a header: an address is kept in logs. */
export class HttpClient {
  readonly #options: HttpClientOptions;
  #token: string | undefined;

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  async renewToken(renew: boolean): Promise<void> {
    try {
      this.#token = await this.#options.getToken({ renew });
    } catch {
      throw new LinkEndedError({ tokenFailed: true });
    }
  }

  useToken(token: string): void {
    this.#token = token;
  }

  /**
   * A successful answer.
   *
   * @throws RefusedError, HistoryGoneError or LinkEndedError; or what `fetch` throws
   */
  async get(path: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
    const token = this.#token;
    let response = await this.#fetch(path, headers, signal);
    if (response.status === 401) {
      await discard(response);
      // Another request may have brought a new one meanwhile.
      if (this.#token === token) await this.renewToken(true);
      response = await this.#fetch(path, headers, signal);
    }
    if (!response.ok) throw await this.#problemOf(response);
    return response;
  }

  /** @throws as `get`, and if the answer is no JSON */
  async getJson(path: string, signal: AbortSignal): Promise<unknown> {
    const response = await this.get(path, { accept: 'application/json' }, signal);
    return JSON.parse(await this.#text(response)) as unknown;
  }

  received(bytes: number): void {
    this.#options.traffic.receivedBytes += bytes;
  }

  async #fetch(path: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
    const { url, fetch, traffic } = this.#options;
    const address = addressOf(url, path);
    const all = { ...headers, authorization: `Bearer ${this.#token ?? ''}` };
    traffic.requests += 1;
    traffic.sentBytes += requestBytes(address, all);
    // Sent along, a cookie would have to be defended against requests that other pages make.
    const response = await fetch(address, { headers: all, signal, cache: 'no-store', credentials: 'omit' });
    traffic.receivedBytes += headerBytes(response.headers.entries());
    return response;
  }

  async #text(response: Response): Promise<string> {
    const bytes = await response.arrayBuffer();
    this.received(bytes.byteLength);
    return new TextDecoder().decode(bytes);
  }

  async #problemOf(response: Response): Promise<Error> {
    const { status } = response;
    const retryAfterMs = Number(response.headers.get('retry-after') ?? 0) * 1_000;
    const { code, detail, snapshot, seq } = problemIn(await this.#text(response));
    if (status === 401) return new LinkEndedError({ code: 4001 });
    if (status === 410 && seq !== undefined) return new HistoryGoneError(seq, snapshot);
    if (status === 429) return new LinkEndedError({ code: 4102, retryAfterMs });
    if (status === 403 || (status === 400 && code !== undefined)) {
      const refusal = status === 403 ? 'forbidden' : 'invalid_frame';
      return new RefusedError({ code: refusal, retryable: false, ...(detail !== undefined && { detail }) });
    }
    return new LinkEndedError(Number.isNaN(retryAfterMs) ? {} : { retryAfterMs });
  }
}

function problemIn(text: string): Problem {
  try {
    const problem: unknown = JSON.parse(text);
    return typeof problem === 'object' && problem !== null ? problem : {};
  } catch {
    return {};
  }
}

async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined);
}
