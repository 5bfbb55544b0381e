/** One field of a request that was refused, in the words of our APIs. */
export interface FieldProblem {
  in?: 'path' | 'query' | 'header' | 'body';
  /** Of a body that comes in lines: which one, from 1. */
  line?: number;
  /** Dotted path inside that place; empty for the whole of it. */
  path: string;
  message: string;
}

interface ApiErrorFields {
  /** 0 when nobody answered. */
  status: number;
  /** Stable, for programs: `insufficient_funds`; `unreachable` when nobody answered. */
  code: string;
  /** For people. */
  detail: string;
  /** What the service's log knows the request by. */
  requestId?: string | undefined;
  retryAfterSeconds?: number | undefined;
  errors?: readonly FieldProblem[] | undefined;
  /** How many mistakes the request has, of which `errors` may describe the first only. */
  errorCount?: number | undefined;
  /** Of a body that comes in lines: the numbers of all that were refused. */
  rejectedLines?: readonly number[] | undefined;
  /** One of our services said so, in a problem with a code of its own. */
  isProblem?: boolean;
}

/** A request that came to nothing, whatever the reason. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly errors: readonly FieldProblem[];
  readonly errorCount: number;
  readonly rejectedLines: readonly number[];
  readonly #isProblem: boolean;

  constructor(fields: ApiErrorFields) {
    super(fields.detail);
    this.status = fields.status;
    this.code = fields.code;
    this.detail = fields.detail;
    this.requestId = fields.requestId;
    this.retryAfterSeconds = fields.retryAfterSeconds;
    this.errors = fields.errors ?? [];
    this.errorCount = fields.errorCount ?? this.errors.length;
    // An older service lists no lines apart from the mistakes that it describes.
    this.rejectedLines = fields.rejectedLines ?? this.errors.flatMap(({ line }) => line ?? []);
    this.#isProblem = fields.isProblem ?? false;
  }

  /** Whether the same request may work later. */
  get isRetryable(): boolean {
    return this.status === 0 || this.status === 429 || [500, 502, 503, 504].includes(this.status);
  }

  /**
   * Whether a service of ours has refused the request, so that nothing came of it. Whatever else stands between
   * (a proxy that waited for too long, with a status of its own making) does not know.
   */
  get isRefusal(): boolean {
    const isOfRequest = this.status >= 400 && this.status < 500;
    return this.#isProblem && isOfRequest && this.status !== 408 && this.status !== 429;
  }
}

const JSON_TYPE = /^application\/(problem\+)?json\b/;

/** Of an answer that is no success: by its problem (RFC 9457), or by its status alone if it has none. */
export async function apiErrorOf(answer: Response): Promise<ApiError> {
  const type = answer.headers.get('content-type') ?? '';
  const body = JSON_TYPE.test(type)
    ? ((await answer.json().catch(() => ({}))) as Record<string, unknown>)
    : {};
  const text = (name: string) => (typeof body[name] === 'string' ? body[name] : undefined);
  const list = (name: string): unknown[] | undefined => (Array.isArray(body[name]) ? body[name] : undefined);
  const retryAfter = Number(answer.headers.get('retry-after') ?? Number.NaN);
  return new ApiError({
    status: answer.status,
    code: text('code') ?? `http_${answer.status}`,
    detail: text('detail') ?? `The service answered ${answer.status}.`,
    requestId: answer.headers.get('x-request-id') ?? text('instance'),
    retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : undefined,
    errors: list('errors') as FieldProblem[] | undefined,
    errorCount: typeof body['errorCount'] === 'number' ? body['errorCount'] : undefined,
    rejectedLines: list('rejectedLines') as number[] | undefined,
    isProblem: type.startsWith('application/problem+json') && text('code') !== undefined,
  });
}

/** Nobody answered: no network, no service, none in time, or one that does not know this page. */
export function unreachable(name: string): ApiError {
  return new ApiError({ status: 0, code: 'unreachable', detail: `The ${name} service does not answer.` });
}

/** What a page says of an error that may be anything. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError({
    status: 0,
    code: 'unexpected',
    detail: 'Something unexpected happened on this page.',
  });
}
