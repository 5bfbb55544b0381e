import { apiErrorOf, unreachable } from './api-error.ts';
import { USUAL_TIMEOUT_MS, wholeAnswer } from './whole-answer.ts';

export interface ApiClientOptions {
  /** Of the service, for people: `payout`. */
  name: string;
  baseUrl: string;
  token: (options: { renew: boolean }) => Promise<string>;
  fetch?: typeof globalThis.fetch;
}

export interface ApiRequest {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Undefined values are left out. */
  query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** An object goes as JSON; a Blob or text as it is, under its own type or `headers`. */
  body?: object | string | undefined;
  idempotencyKey?: string;
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal | undefined;
  /** After which the service counts as unreachable; what was asked for may still have been done. */
  timeoutMs?: number;
}

/** Talks to one of our APIs, as whoever is signed in. Every method throws `ApiError`, or what `signal` was aborted with. */
export class ApiClient {
  readonly #options: ApiClientOptions;

  constructor(options: ApiClientOptions) {
    this.#options = options;
  }

  /** The answer's JSON; undefined for an answer without a body. */
  async json<Answer>(path: string, request: ApiRequest = {}): Promise<Answer> {
    const answer = await this.send(path, request);
    return (answer.status === 204 ? undefined : await answer.json()) as Answer;
  }

  /** The answer itself, for its headers or a download; also a 304. A token that has just ended is renewed once. */
  async send(path: string, request: ApiRequest = {}): Promise<Response> {
    const answer = await this.#attempt(path, request, false);
    if (answer.status !== 401) return accepted(answer);
    return accepted(await this.#attempt(path, request, true));
  }

  async #attempt(path: string, request: ApiRequest, renew: boolean): Promise<Response> {
    const { name, token, fetch = globalThis.fetch } = this.#options;
    const { method = 'GET', signal, timeoutMs = USUAL_TIMEOUT_MS } = request;
    const authorization = `Bearer ${await token({ renew })}`;
    const init: RequestInit = {
      method,
      headers: { ...headersOf(request), authorization },
      body: bodyOf(request) ?? null,
      cache: 'no-store',
    };
    try {
      return await wholeAnswer(this.#addressOf(path, request), init, { fetch, signal, timeoutMs });
    } catch (error) {
      if (signal?.aborted === true) throw error;
      throw unreachable(name);
    }
  }

  #addressOf(path: string, { query = {} }: ApiRequest): string {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
    return `${this.#options.baseUrl}${path}${text === '' ? '' : `?${text}`}`;
  }
}

/** What whoever sent If-None-Match hoped for. */
const NOT_MODIFIED = 304;

async function accepted(answer: Response): Promise<Response> {
  if (!answer.ok && answer.status !== NOT_MODIFIED) throw await apiErrorOf(answer);
  return answer;
}

const isRaw = (body: object | string): body is Blob | FormData | string =>
  typeof body === 'string' || body instanceof Blob || body instanceof FormData;

function bodyOf({ body }: ApiRequest): BodyInit | undefined {
  if (body === undefined || isRaw(body)) return body;
  return JSON.stringify(body);
}

function headersOf({ body, idempotencyKey, headers = {} }: ApiRequest): Record<string, string> {
  return {
    ...(body !== undefined && !isRaw(body) && { 'content-type': 'application/json' }),
    ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
    ...headers,
  };
}
