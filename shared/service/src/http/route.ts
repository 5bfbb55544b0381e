import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import type { Authenticate } from '../auth.ts';
import type { FieldError, Problem } from '../problem.ts';
import type { Principal } from '../token.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface ResponseDefinition {
  readonly description: string;
  /** Left out for an answer without a body. */
  readonly schema?: z.ZodType;
  /** `application/json` unless told; any other type is answered with a string or a Buffer. */
  readonly contentType?: string;
  /** Other types that a handler may stream it as (`Streamed`), named in its `content-type` header. */
  readonly streamedAs?: readonly string[];
  /** Response headers worth telling of in /openapi.json: name → description. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ProblemDefinition {
  readonly status: number;
  readonly code: string;
  readonly description?: string;
}

export type Responses = Readonly<Record<number, ResponseDefinition>>;

/** No fields are known, so every field is refused. */
export type NoFields = z.ZodObject<Readonly<Record<string, never>>, z.core.$strict>;

/** One operation, as data: what is validated is also what /openapi.json says. */
export interface Route<
  Auth extends 'none' | 'required',
  Params extends z.ZodObject,
  Query extends z.ZodObject,
  Headers extends z.ZodObject,
  Body extends z.ZodType,
  R extends Responses,
> {
  readonly method: Method | Lowercase<Method>;
  /** With parameters in braces: `/v1/transfers/{id}`. Literal paths before those with parameters that would match them too. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly auth: Auth;
  /** Replaces the API's own for this route, which accepts other credentials than the rest. */
  readonly authenticate?: Authenticate;
  readonly params?: Params;
  /** Without it, no query is allowed. */
  readonly query?: Query;
  /** Names in lower case. Headers that it does not name are left alone. */
  readonly headers?: Headers;
  /** JSON. Without it the body is not read. */
  readonly body?: Body;
  readonly responses: R;
  /** Beyond those that the chassis gives by itself (400, 401, 408, 413, 415, 429, 503). */
  readonly problems?: readonly ProblemDefinition[];
  /** Bytes; 64 KiB unless told. */
  readonly bodyLimit?: number;
  /**
   * Requests of this route under way at once, from before their bodies are read until they are answered. An account
   * gets a quarter of the free ones; beyond that a request gets 429 `too_many_uploads`, or 503 `overloaded` where none
   * is free. Without it only the bytes of bodies are bounded.
   */
  readonly slots?: number;
  /**
   * Other types that a body may be of: `text/csv` → description. Such a body, in UTF-8 and not compressed, is not
   * read but handed to the handler as `stream`, and `body` is then what its schema makes of nothing.
   */
  readonly streams?: Readonly<Record<string, string>>;
  /**
   * The answer may take longer than `ANSWER_WITHIN_MS`, after which other routes answer 503: it waits for an event,
   * or does much work in steps that have time limits of their own.
   */
  readonly takesLong?: true;
  /** A more exact problem than `invalid_request` for these errors, if there is one. */
  readonly problemForInvalid?: (errors: readonly FieldError[]) => Problem | undefined;
}

/** A body that is JSON already, such as one that was stored as it was first answered. It must fit the schema, too. */
export class JsonText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** A body that is written bit by bit for as long as both sides like: an event stream. */
export class Streamed {
  readonly begin: (response: ServerResponse) => void;
  /** @param begin called once the headers are out; it ends the response */
  constructor(begin: (response: ServerResponse) => void) {
    this.begin = begin;
  }
}

type BodyOf<D> = D extends { readonly schema: infer S extends z.ZodType }
  ? D extends { readonly contentType: string }
    ? { readonly body: z.input<S> | string | Buffer | Streamed }
    : { readonly body: z.input<S> | JsonText | Streamed }
  : { readonly body?: undefined };

/** One of the declared answers; the body must fit the schema declared for its status. */
export type HandlerResult<R extends Responses> = {
  [Status in keyof R & number]: {
    readonly status: Status;
    readonly headers?: Readonly<Record<string, string>>;
  } & BodyOf<R[Status]>;
}[keyof R & number];

export interface HandlerInput<
  Auth extends 'none' | 'required',
  Params extends z.ZodType,
  Query extends z.ZodType,
  Headers extends z.ZodType,
  Body extends z.ZodType,
> {
  readonly principal: Auth extends 'required' ? Principal : undefined;
  readonly params: z.output<Params>;
  readonly query: z.output<Query>;
  readonly headers: z.output<Headers>;
  readonly body: z.output<Body>;
  /** A body of one of the route's `streams`, in chunks. It throws a Problem where the process may hold no more bytes. */
  readonly stream: AsyncIterable<Buffer> | undefined;
  /** For what the above does not tell: the client's address, a stream. */
  readonly request: IncomingMessage;
}

/** What a handler gives back, as the chassis sees it. */
export interface AnyResult {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A route with its types forgotten, as the chassis keeps it. */
export type AnyRoute = Route<
  'none' | 'required',
  z.ZodObject,
  z.ZodObject,
  z.ZodObject,
  z.ZodType,
  Responses
>;

/** Its handler, likewise: by then the input has been parsed by the route's own schemas. */
export type AnyHandler = (input: {
  readonly principal: Principal | undefined;
  readonly params: unknown;
  readonly query: unknown;
  readonly headers: unknown;
  readonly body: unknown;
  readonly stream: AsyncIterable<Buffer> | undefined;
  readonly request: IncomingMessage;
}) => AnyResult | Promise<AnyResult>;
