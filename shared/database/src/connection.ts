/** How long a new connection, or the wait for a free one of a pool, may take before the database counts as away. */
const CONNECT_TIMEOUT_MS = 5_000;
const KEEP_ALIVE_AFTER_MS = 10_000;
/**
 * PostgreSQL closes a connection whose client has vanished without a word after some 20 s, so that its locks and the
 * presence of its process end. Over a Unix socket these settings have no effect.
 */
const KEEP_ALIVE_SETTINGS = [
  'tcp_keepalives_idle=10',
  'tcp_keepalives_interval=5',
  'tcp_keepalives_count=2',
  'tcp_user_timeout=20000',
];

/** What `pg` needs for a connection on which both sides notice that the other one has gone silent. */
export interface ConnectionSettings {
  connectionString: string;
  /** Settings of the session, as PostgreSQL's `options`. */
  options: string;
  connectionTimeoutMillis: number;
  keepAlive: true;
  keepAliveInitialDelayMillis: number;
}

/**
 * Every connection of ours to PostgreSQL begins with this. Its statements need a `query_timeout` as well, because a
 * server that cannot be reached ends none.
 *
 * @param settings further settings of the session: `name=value`. A URL's own `options` win where both set the same.
 */
export function connectionTo(url: string, settings: readonly string[] = []): ConnectionSettings {
  // What is no URL, pg may still understand; it has no options then.
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const own = parsed?.searchParams.getAll('options').at(-1);
  // pg would take the URL's options instead of ours.
  parsed?.searchParams.delete('options');
  const ours = [...KEEP_ALIVE_SETTINGS, ...settings].map((setting) => `-c ${setting}`);
  return {
    connectionString: own === undefined ? url : (parsed?.href ?? url),
    options: [...ours, ...(own === undefined ? [] : [own])].join(' '),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
  };
}
