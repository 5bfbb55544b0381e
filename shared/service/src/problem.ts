import { STATUS_CODES } from 'node:http';

/** One field of a request that was refused. */
export interface FieldError {
  /** Where the field was, in the words of OpenAPI. */
  readonly in?: 'path' | 'query' | 'header' | 'body';
  /** Of a body that comes in lines: which one, from 1. */
  readonly line?: number;
  /** Dotted path inside that place (`items.0.amount`); empty for the whole of it. */
  readonly path: string;
  readonly message: string;
}

type Extension = string | number | readonly number[] | Readonly<Record<string, string | number>>;
type Extensions = Readonly<Record<string, Extension>>;

export interface ProblemOptions {
  /** HTTP status, 400 to 599. */
  readonly status: number;
  /** Stable, for programs: `insufficient_funds`. Clients branch on it, so it never changes its meaning. */
  readonly code: string;
  /** For people: what was wrong this time, and what to do about it. Sent to the client. */
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  /** Sent as `Retry-After`; meaningful with 429 and 503. */
  readonly retryAfterSeconds?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the body (RFC 9457, 3.2), for programs that act on this code. */
  readonly extensions?: Extensions;
  /** Logged, never sent. */
  readonly cause?: unknown;
}

/** The body of an `application/problem+json` answer (RFC 9457). */
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  instance: string;
  errors?: readonly FieldError[];
  [extension: string]: unknown;
}

/** A refusal meant for the client. Throw it from a handler; whatever else is thrown becomes a 500 that tells nothing. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors: readonly FieldError[] | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly extensions: Extensions;

  constructor(options: ProblemOptions) {
    const detail = options.detail ?? STATUS_CODES[options.status] ?? options.code;
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = options.status;
    this.code = options.code;
    this.detail = detail;
    this.errors = options.errors;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.headers = options.headers ?? {};
    this.extensions = options.extensions ?? {};
  }

  /**
   * The RFC 9457 body. `type` is a URN rather than a URL: a promise of documentation at an address
   * that nobody serves would be a broken link in every error.
   */
  toBody(instance: string): ProblemBody {
    return {
      ...this.extensions,
      type: `urn:payfan:problem:${this.code}`,
      title: titleOf(this.code),
      status: this.status,
      detail: this.detail,
      code: this.code,
      instance,
      ...(this.errors === undefined ? {} : { errors: this.errors }),
    };
  }
}

/** `insufficient_funds` → `Insufficient funds`: RFC 9457 wants one title for each type. */
function titleOf(code: string): string {
  const words = code.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
