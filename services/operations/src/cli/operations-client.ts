import { LARGE_ANSWER_BYTES, readText } from '@payfan/service/bounded-answer';
import { fetchWithin } from '@payfan/service/deadline';
import { z } from 'zod';
import { CommandFailed, UsageError } from './errors.ts';
import { usualKey } from './config.ts';

const TIMEOUT_MS = 15_000;
/** Longer than operations waits for its channels: a count, then the replay itself. */
const REPLAY_TIMEOUT_MS = 60_000;

const Problem = z.object({ detail: z.string(), code: z.string() });

type Query = Record<string, string | number | undefined>;

/** The API of operations or of another service, as an operator uses it. Failures are `CommandFailed` with the remedy. */
export class OperationsClient {
  readonly #service: string;
  readonly #url: URL;
  readonly #key: string;
  #answeredAt = new Date();

  constructor({ service, url, key }: { service: string; url: string; key: string | undefined }) {
    this.#service = service;
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      throw new UsageError(`--url must start with http:// or https://, but it is ${JSON.stringify(url)}.`);
    }
    this.#url = new URL(url.endsWith('/') ? url : `${url}/`);
    const known = key ?? usualKey(this.#url);
    if (known === undefined) {
      throw new UsageError(`${this.#url.host} is not this machine, so a key is needed: ${KEY_REMEDY}`);
    }
    this.#key = known;
  }

  /** When it last answered, by its own clock, rounded up to a second. */
  get answeredAt(): Date {
    return this.#answeredAt;
  }

  get<S extends z.ZodType>(path: string, schema: S, query: Query = {}): Promise<z.output<S>> {
    const url = new URL(path, this.#url);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    return this.#send(url, schema, { method: 'GET', timeoutMs: TIMEOUT_MS });
  }

  replay<S extends z.ZodType>(schema: S, body: object): Promise<z.output<S>> {
    const url = new URL('v1/dead-letters/replay', this.#url);
    return this.#send(url, schema, {
      method: 'POST',
      body: JSON.stringify(body),
      timeoutMs: REPLAY_TIMEOUT_MS,
    });
  }

  post<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>> {
    return this.#send(new URL(path, this.#url), schema, { method: 'POST', timeoutMs: TIMEOUT_MS });
  }

  async #send<S extends z.ZodType>(
    url: URL,
    schema: S,
    { method, body, timeoutMs }: { method: string; body?: string; timeoutMs: number },
  ): Promise<z.output<S>> {
    const request = {
      method,
      headers: {
        authorization: `Bearer ${this.#key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      timeoutMs,
      ...(body === undefined ? {} : { body }),
    };
    const answer = await fetchWithin(url, request, async (response) => ({
      status: response.status,
      date: response.headers.get('date') ?? '',
      text: await readText(response, LARGE_ANSWER_BYTES),
    })).catch((error: unknown) => {
      throw this.#unreachable(error);
    });
    const time = Date.parse(answer.date);
    this.#answeredAt = new Date((Number.isNaN(time) ? Date.now() : time) + 1_000);
    const json = asJson(answer.text);
    if (answer.status !== 200 && answer.status !== 201) throw this.#refused(answer.status, json);
    const parsed = schema.safeParse(json);
    if (parsed.success) return parsed.data;
    throw new CommandFailed(
      `What answers at ${this.#url.origin} is not Payfan's ${this.#service}, or another version of it.`,
    );
  }

  #unreachable(error: unknown): CommandFailed {
    return new CommandFailed(
      `${sentence(this.#service)} does not answer at ${this.#url.origin} (${codeOf(error)}). Is it running? Start it with \`npm start\`, or say where it is with --url.`,
    );
  }

  #refused(status: number, json: unknown): CommandFailed {
    const { data: problem } = Problem.safeParse(json);
    const said = problem?.detail ?? `${sentence(this.#service)} answered ${status}.`;
    if (status === 401 || status === 403) return new CommandFailed(`${said} ${sentence(KEY_REMEDY)}`);
    return new CommandFailed(problem === undefined ? said : `${said} (${status} ${problem.code})`);
  }
}

/** The system's code, which fetch hides in the cause of its own error. */
function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  if ('code' in error && typeof error.code === 'string') return error.code;
  if ('cause' in error) return codeOf(error.cause);
  return 'message' in error ? String(error.message) : 'no answer';
}

const KEY_REMEDY = "give an operator's key with --key, or in PAYFAN_KEY.";
const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
