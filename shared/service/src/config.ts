import { existsSync } from 'node:fs';
import { z } from 'zod';
import { wrongExtraCaCerts } from './ca-file.ts';

/** The environment does not describe a program that can run. The message has one sentence per wrong variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the variables that `schema` names out of `env`, and checks the file that NODE_EXTRA_CA_CERTS names. An empty
 * string counts as unset, as compose files write `PORT=` for "the default".
 *
 * A field's `.describe(…)` says what the variable may be ("a whole number from 0 to 65535"); it is what
 * the error sentence quotes.
 *
 * @throws {ConfigError} naming every wrong variable, what it may be, and what it was (unless that is secret)
 */
export function readConfig<S extends z.ZodObject>(
  schema: S,
  env: NodeJS.ProcessEnv = process.env,
): z.output<S> {
  const given: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    const value = env[name]?.trim();
    if (value !== undefined && value !== '') given[name] = value;
  }
  const result = schema.safeParse(given);
  const wrongCaFile = wrongExtraCaCerts(env);
  if (result.success && wrongCaFile === undefined) return result.data;

  const firstIssues = new Map<string, string>();
  for (const issue of result.error?.issues ?? []) {
    const name = String(issue.path[0] ?? '');
    if (!firstIssues.has(name)) firstIssues.set(name, issue.message);
  }
  const sentences = [...firstIssues].map(([name, message]) =>
    name === '' ? `${message}.` : sentence(name, message, schema.shape[name] as unknown, given[name]),
  );
  if (wrongCaFile !== undefined) sentences.push(wrongCaFile);
  throw new ConfigError(sentences.join('\n'));
}

function sentence(name: string, message: string, field: unknown, value: string | undefined): string {
  const description = field instanceof z.ZodType ? field.description : undefined;
  const usual = description === undefined ? `is wrong (${message})` : `must be ${description}`;
  const wanted = message.startsWith('must ') ? message : usual;
  return `${name} ${wanted}, but it is ${value === undefined ? 'not set' : shown(name, value)}.`;
}

/** Text before an `@` may be a password, even in a URL too broken to parse; keys and tokens are secret by name. */
function shown(name: string, value: string): string {
  if (value.includes('@') || /PASSWORD|SECRET|TOKEN|KEYS?$/i.test(name))
    return 'something else (not shown, it may be secret)';
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
}

/** One URL whose scheme is in `schemes` and which names a host. */
function isUrl(value: string, schemes: readonly string[]): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname } = new URL(value);
  return schemes.includes(protocol.slice(0, -1)) && hostname !== '';
}

/** Whether the URL of a database asks for TLS that verifies the server's certificate, or does not ask for TLS at all. */
function hasClearTls({ searchParams }: URL): boolean {
  const caFile = searchParams.get('sslrootcert');
  // pg takes the last value of a parameter that is there twice.
  const modes = searchParams.getAll('sslmode');
  if (modes.length === 1 && modes[0] === 'verify-full') return caFile === null || existsSync(caFile);
  return ![...searchParams.keys()].some((name) => /^ssl|uselibpqcompat/.test(name));
}

interface UrlOptions {
  /** Without the colon: `['http', 'https']`. */
  readonly schemes: readonly string[];
  readonly default?: string;
}

function url(options: UrlOptions): z.ZodType<string> {
  const field = z.string().refine((value) => isUrl(value, options.schemes));
  const description = `a URL that starts with ${options.schemes.map((scheme) => `${scheme}://`).join(' or ')}`;
  return (options.default === undefined ? field : field.default(options.default)).describe(description);
}

/** One URL or several, separated by commas → `string[]`, never empty. */
function urls({ schemes, default: fallback }: UrlOptions): z.ZodType<string[]> {
  const field = z
    .string()
    .transform((list) =>
      list
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== ''),
    )
    .refine((items) => items.length > 0 && items.every((item) => isUrl(item, schemes)));
  const starts = schemes.map((scheme) => `${scheme}://`).join(' or ');
  const description = `a URL that starts with ${starts}, or several separated by commas`;
  return (fallback === undefined ? field : field.prefault(fallback)).describe(description);
}

/** As browsers write it in the Origin header. */
const isOrigin = (text: string) =>
  /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text;

const DEFAULT_ORIGIN = 'http://localhost:3000';

interface IntegerOptions {
  readonly min?: number;
  readonly max?: number;
  readonly default?: number;
}

/** A whole number in decimal digits; `1e3`, `0x10` and `10.0` are refused, since they are more often slips than meant. */
function integer(options: IntegerOptions = {}): z.ZodType<number> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = options;
  const field = z
    .string()
    .regex(/^-?\d{1,16}$/)
    .transform(Number)
    .pipe(z.number().int().min(min).max(max));
  const description =
    max === Number.MAX_SAFE_INTEGER ? `a whole number from ${min}` : `a whole number from ${min} to ${max}`;
  return (options.default === undefined ? field : field.default(options.default)).describe(description);
}

function choice<const T extends readonly [string, ...string[]]>(
  values: T,
  fallback?: T[number],
): z.ZodType<T[number]> {
  const field: z.ZodType<T[number]> = z.enum(values);
  return (fallback === undefined ? field : field.default(fallback)).describe(`one of ${values.join(', ')}`);
}

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Pieces for a service's `config.ts`. Each turns the text of one variable into a value. */
export const configFields = {
  /** TCP port; 0 asks the system for a free one. */
  port: (fallback?: number) =>
    integer({ min: 0, max: 65_535, ...(fallback === undefined ? {} : { default: fallback }) }),
  logLevel: choice(LOG_LEVELS, 'info'),
  /** TLS that verifies the server, or none: the modes between encrypt, but do not notice another server. */
  databaseUrl: z
    .string()
    .refine((value) => isUrl(value, ['postgres', 'postgresql']), { abort: true })
    .refine(
      (value) => hasClearTls(new URL(value)),
      'must say sslmode=verify-full for TLS (and sslrootcert a file that exists, if it names one), or no ssl… at all',
    )
    .describe('a URL that starts with postgres:// or postgresql://'),
  /** One URL per broker host, separated by commas → `string[]`. */
  amqpUrl: urls({ schemes: ['amqp', 'amqps'] }),
  httpUrl: (fallback?: string) =>
    url({ schemes: ['http', 'https'], ...(fallback === undefined ? {} : { default: fallback }) }),
  /** Pages that may use an API, separated by commas → `string[]`. Exact, so without a path or a slash at the end. */
  origins: z
    .string()
    .default(DEFAULT_ORIGIN)
    .transform((list) => list.split(',').map((origin) => origin.trim()))
    .refine((origins) => origins.every(isOrigin))
    .describe(`origins separated by commas, such as ${DEFAULT_ORIGIN} (no path, no slash at the end)`),
  url,
  urls,
  integer,
  choice,
  /** The API key of the program itself, by which the other services know which service asks them. */
  serviceKey: z
    .string()
    .describe('the API key that SERVICE_KEYS of the transaction service has for this service'),
  /** `true` or `false`, in those words. */
  flag: (fallback = false) =>
    z
      .enum(['true', 'false'])
      .transform((value) => value === 'true')
      .default(fallback)
      .describe('true or false'),
  text: (fallback?: string): z.ZodType<string> => {
    const field = z.string();
    return (fallback === undefined ? field : field.default(fallback)).describe('a text');
  },
};
