import { randomBytes } from 'node:crypto';
import type { Queryable } from '@payfan/database';
import { hashKey } from './key-owners.ts';

/** A session ends when it was not used for so long. */
export const SESSION_IDLE_HOURS = 12;
/** The oldest sessions of more than so many of one key end, so that signing in again and again fills no table. */
const SESSIONS_PER_KEY = 100;
const IDLE = `${SESSION_IDLE_HOURS} hours`;

/** Makes a session of the key with this hash. The session itself, 256 random bits, is kept nowhere. */
export async function openWebSession(db: Queryable, keyHash: Buffer): Promise<string> {
  const session = `ps_${randomBytes(32).toString('base64url')}`;
  await db.query({
    name: 'web-session-open',
    text: 'select open_web_session($1, $2, $3)',
    values: [hashKey(session), keyHash, SESSIONS_PER_KEY],
  });
  return session;
}

/** The hash of the key that made this session, and notes the use; undefined if the session is unknown or has ended. */
export async function useWebSession(db: Queryable, session: string): Promise<Buffer | undefined> {
  const [row] = await db.query<{ keyHash: Buffer | null }>({
    name: 'web-session-use',
    text: 'select use_web_session($1, $2::interval) as "keyHash"',
    values: [hashKey(session), IDLE],
  });
  return row?.keyHash ?? undefined;
}

/** Ends a session at once, for every process. */
export async function endWebSession(db: Queryable, session: string): Promise<void> {
  await db.query({
    name: 'web-session-end',
    text: 'select end_web_session($1)',
    values: [hashKey(session)],
  });
}
