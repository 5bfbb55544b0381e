import { z } from 'zod';
import { Problem } from '../problem.ts';
import type { FieldError } from '../problem.ts';
import type { AnyRoute } from './route.ts';

const NO_FIELDS = z.strictObject({});

/** The parts of a request as they came in. */
export interface RawInput {
  readonly params: unknown;
  readonly query: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

export interface ParsedInput {
  readonly params: unknown;
  readonly query: unknown;
  readonly headers: unknown;
  readonly body: unknown;
}

/**
 * Makes the check for one route. Unknown fields are refused: a misspelt optional field that is silently
 * dropped is a payment made otherwise than it was meant.
 *
 * @returns a function that throws a 400 Problem naming every wrong field at once
 */
export function inputParser(route: AnyRoute): (raw: RawInput) => ParsedInput {
  const params = strict(route.params);
  const query = strict(route.query);
  const headers = route.headers;
  const headerNames = Object.keys(headers?.shape ?? {});
  const body = route.body instanceof z.ZodObject ? strict(route.body) : route.body;

  return (raw) => {
    const errors: FieldError[] = [];
    const parse = (place: NonNullable<FieldError['in']>, schema: z.ZodType, value: unknown): unknown => {
      const result = schema.safeParse(value);
      if (result.success) return result.data;
      errors.push(...result.error.issues.flatMap((issue) => fieldErrors(place, issue, value)));
      return undefined;
    };
    const parsed = {
      params: parse('path', params, raw.params),
      query: parse('query', query, raw.query),
      headers: headers === undefined ? {} : parse('header', headers, pick(raw.headers, headerNames)),
      body: body === undefined ? undefined : parse('body', body, raw.body),
    };
    if (errors.length === 0) return parsed;
    throw route.problemForInvalid?.(errors) ?? invalidRequest(errors);
  };
}

/** A schema that says itself what happens to other fields (`looseObject`, `catchall`) is left alone. */
function strict(schema: z.ZodObject = NO_FIELDS): z.ZodObject {
  return schema.def.catchall === undefined ? schema.strict() : schema;
}

function pick(record: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    names.filter((name) => record[name] !== undefined).map((name) => [name, record[name]]),
  );
}

function fieldErrors(
  place: NonNullable<FieldError['in']>,
  issue: z.core.$ZodIssue,
  value: unknown,
): FieldError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      in: place,
      path: [...issue.path, key].join('.'),
      message: 'Unknown field',
    }));
  }
  const path = issue.path.join('.');
  if (path === '' && value === undefined && place === 'body') {
    return [{ in: place, path, message: 'A JSON body is required' }];
  }
  return [{ in: place, path, message: issue.message }];
}

function invalidRequest(errors: readonly FieldError[]): Problem {
  const named = errors
    .slice(0, 3)
    .map(({ path, message, in: place }) => `${path === '' ? place : path}: ${message}`);
  const more = errors.length > named.length ? `; and ${errors.length - named.length} more` : '';
  return new Problem({ status: 400, code: 'invalid_request', detail: `${named.join('; ')}${more}`, errors });
}
