import { CLOSE_CODES } from './protocol.ts';

/** Why the gateway does not want to see us again. */
export type RefusalReason = 'bad_token' | 'forbidden' | 'too_many_connections' | `closed_${number}`;

/** What follows from the end of a connection. */
export type Verdict =
  | { then: 'stop'; reason: RefusalReason }
  /** `pushedBack`: the gateway asked for less, so never at once. */
  | { then: 'resume'; pushedBack: boolean }
  | { then: 'renew' };

const REASONS: Partial<Record<number, RefusalReason>> = {
  [CLOSE_CODES.badToken]: 'bad_token',
  [CLOSE_CODES.forbidden]: 'forbidden',
  [CLOSE_CODES.tooManyConnections]: 'too_many_connections',
};

/** 40xx: stop; 41xx: back off, then resume; 42xx: a new token, then resume; anything else was an accident. */
export function verdictOn(code: number | undefined): Verdict {
  const family = Math.floor((code ?? 0) / 100);
  if (code !== undefined && family === 40) return { then: 'stop', reason: REASONS[code] ?? `closed_${code}` };
  if (family === 42) return { then: 'renew' };
  return { then: 'resume', pushedBack: family === 41 };
}

/** Service restart and the like: https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number */
const SAID_BY_SERVERS = new Set([1001, 1011, 1012, 1013]);

/** Whether something between us and the gateway may have ended it: a gateway's own goodbye shows it gets through. */
export const mayBeBlocked = (code: number | undefined): boolean =>
  code === undefined || (code < 4000 && !SAID_BY_SERVERS.has(code));
