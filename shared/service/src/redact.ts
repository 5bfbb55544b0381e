import { types } from 'node:util';

export const REDACTED = '[redacted]';

/** Longer strings are cut before they are searched and written: a log line is not a place for documents. */
const MAX_STRING_LENGTH = 16_384;
const MAX_DEPTH = 40;

/** Compared in lower case without `-` and `_`, so `api_key`, `apiKey` and `Api-Key` are one. */
const SENSITIVE_KEYS = new Set([
  'address',
  'apikey',
  'authorization',
  'body',
  'cookie',
  'email',
  'jwt',
  'key',
  'mobile',
  'msisdn',
  'pass',
  'passphrase',
  'password',
  'phone',
  'phonenumber',
  'privatekey',
  'proxyauthorization',
  'recipient',
  'recipients',
  'secret',
  'setcookie',
  'to',
  'token',
]);
const SENSITIVE_ENDING =
  /(?:apikey|authorization|cookie|email|password|phone|privatekey|recipient|secret|token)s?$/;

const seenKeys = new Map<string, boolean>();

/** Whether the value under this key is secret or personal, whatever it looks like. */
export function isSensitiveKey(key: string): boolean {
  const known = seenKeys.get(key);
  if (known !== undefined) return known;
  const plain = key.toLowerCase().replaceAll(/[-_]/g, '');
  const sensitive = SENSITIVE_KEYS.has(plain) || SENSITIVE_ENDING.test(plain);
  // Keys of log lines are few and come again; a map of ids used as keys must not grow this for ever.
  if (seenKeys.size < 2_000) seenKeys.set(key, sensitive);
  return sensitive;
}

/** Almost every string fails this one cheap test, and is then left alone. */
const SUSPECT = /[@+]|eyJ|bearer|(?:token|key|password|secret)=/i;

// Every repetition is bounded, or cannot overlap with what follows it: a hostile string must not stall the process.
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/[^\s/?#:@"']{0,256}):[^\s/?#"']{1,256}@/gi, `$1:${REDACTED}@`],
  [/\b(bearer)(\s+|\.)[\w.~+/=-]{4,}/gi, `$1$2${REDACTED}`],
  [/\beyJ[\w-]{4,}\.[\w-]{2,}(?:\.[\w-]*)*/g, REDACTED],
  [/((?:\b|_)(?:token|api_?key|password|secret)=|[?&]key=)[^\s&;"']+/gi, `$1${REDACTED}`],
  [
    /[\p{L}\p{M}\p{N}.!#$%&'*+=?^_`{|}~-]{1,64}@(?:[\p{L}\p{M}\p{N}-]{1,63}\.){1,8}[\p{L}\p{M}]{2,24}/gu,
    REDACTED,
  ],
  [/\+\d(?:[\s().-]?\d){7,14}/g, REDACTED],
];

/** The text without phone numbers (E.164), email addresses, bearer values, JWTs and passwords in URLs. */
export function redactText(text: string): string {
  const cut =
    text.length > MAX_STRING_LENGTH
      ? `${text.slice(0, MAX_STRING_LENGTH)}… (${text.length - MAX_STRING_LENGTH} characters more)`
      : text;
  if (cut.length < 4 || !SUSPECT.test(cut)) return cut;
  return PATTERNS.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), cut);
}

/**
 * A copy of `value` fit for a log: secrets and personal data gone at any depth, errors as plain objects,
 * cycles cut. What needs no change is returned as it is, so that a harmless line costs a walk and no copy.
 */
export function redact(value: unknown): unknown {
  try {
    return walk(value, []);
  } catch (error) {
    // A getter or a toJSON threw. Losing the line would hide what it was about to tell.
    return `[could not be logged: ${error instanceof Error ? redactText(error.message) : 'unknown'}]`;
  }
}

function walk(value: unknown, ancestors: object[]): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (ancestors.includes(value)) return '[circular]';
  if (ancestors.length >= MAX_DEPTH) return '[too deep]';

  ancestors.push(value);
  try {
    if (types.isNativeError(value) || value instanceof Error) return walkError(value, ancestors);
    if (value instanceof Date) return value;
    if (value instanceof URL) return redactText(value.href);
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (value instanceof Map) return walkObject(mapToObject(value), ancestors);
    if (value instanceof Set) return walkArray([...value], ancestors);
    if (Array.isArray(value)) return walkArray(value, ancestors);
    if (hasToJson(value)) return walk(value.toJSON(), ancestors);
    return walkObject(value, ancestors);
  } finally {
    ancestors.pop();
  }
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}

function mapToObject(map: ReadonlyMap<unknown, unknown>): object {
  return Object.fromEntries([...map].map(([key, item]) => [String(key), item]));
}

function walkArray(items: readonly unknown[], ancestors: object[]): unknown {
  let copy: unknown[] | undefined;
  for (const [index, item] of items.entries()) {
    const clean = walk(item, ancestors);
    if (clean === item) continue;
    copy ??= [...items];
    copy[index] = clean;
  }
  return copy ?? items;
}

function walkObject(object: object, ancestors: object[]): unknown {
  let copy: Record<string, unknown> | undefined;
  // Not `Object.entries`: nearly every line is one flat object, and a pair for each of its fields would be most of the cost.
  for (const key of Object.keys(object)) {
    const item = (object as Record<string, unknown>)[key];
    const clean = isSensitiveKey(key)
      ? hide(item)
      : typeof item === 'string'
        ? redactText(item)
        : walk(item, ancestors);
    if (clean === item) continue;
    copy ??= { ...object };
    copy[key] = clean;
  }
  return copy ?? object;
}

/** Whether there was a value at all is no secret, and often the very thing to know. */
function hide(value: unknown): unknown {
  return value === undefined || value === null || typeof value === 'boolean' ? value : REDACTED;
}

/** Type, message, stack, code, cause, and the errors of an AggregateError (Node's refused connections come as one). */
function walkError(error: Error, ancestors: object[]): unknown {
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  return {
    type: error.name === 'Error' ? error.constructor.name : error.name,
    message: redactText(error.message),
    stack: redactText(error.stack ?? ''),
    ...(code === undefined ? {} : { code: walk(code, ancestors) }),
    ...(error.cause === undefined ? {} : { cause: walk(error.cause, ancestors) }),
    ...(Array.isArray(errors) ? { errors: walkArray(errors, ancestors) } : {}),
  };
}
