import { isNativeError } from 'node:util/types';

const CONNECT_TIMEOUT_MS = 3_000;

/** Our side of the socket: keep-alive probes find a server that vanished while no statement waits for it. */
const KEEP_ALIVE_AFTER_MS = 10_000;

/**
 * The server's side of the socket. It must notice a client that vanished, because that client's session keeps a
 * connection and its locks; without these settings that takes hours.
 */
const KEEP_ALIVE_OF_SERVER = [
  'tcp_keepalives_idle=10',
  'tcp_keepalives_interval=5',
  'tcp_keepalives_count=3',
  'tcp_user_timeout=25000',
];

interface ConnectionOptions {
  settings?: readonly string[];
  timeoutMs?: number | undefined;
}

/**
 * What `pg` needs for a connection on which both sides notice that the other one has gone silent. Its statements need a
 * `query_timeout` as well.
 *
 * @param settings further settings of the session: `name=value`. Options that the URL has itself win where both set the same.
 * @param timeoutMs how long a new connection, or a wait for a free one, may take before the database counts as away.
 */
export function connectionTo(
  url: string,
  { settings = [], timeoutMs = CONNECT_TIMEOUT_MS }: ConnectionOptions = {},
) {
  return {
    ...withSessionSettings(url, [...KEEP_ALIVE_OF_SERVER, ...settings]),
    connectionTimeoutMillis: timeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
  };
}

/** The URL's own options come after the settings, so that they win. */
function withSessionSettings(
  url: string,
  settings: readonly string[],
): { connectionString: string; options: string } {
  const ours = settings.map((setting) => `-c ${setting}`).join(' ');
  // What is no URL, pg may still understand; it has no options then.
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const own = parsed?.searchParams.getAll('options').at(-1);
  if (parsed === undefined || own === undefined) return { connectionString: url, options: ours };
  parsed.searchParams.delete('options');
  return { connectionString: parsed.href, options: `${ours} ${own}` };
}

/** pg reports only by this message that its `query_timeout` has passed. */
const QUERY_TIMEOUT_MESSAGE = 'Query read timeout';

/** True for a statement that got no answer in time: its outcome is unknown, and its connection can no longer be used. */
export const isUnanswered = (error: unknown): boolean =>
  isNativeError(error) && error.message === QUERY_TIMEOUT_MESSAGE;

/** Waits for `work`, though no longer than this: a silent server must not keep a process from stopping. */
export async function settledWithin(work: Promise<unknown>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
  try {
    await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/** By the time a connection is closed its users have stopped, so what is still under way waits for a silent server. */
export const STOP_TIMEOUT_MS = 2_000;
