import { wholeAnswer } from '../api/whole-answer.ts';

/** What a call to the transaction service needs beside the browser's credential. */
export interface TransactionAccess {
  transactionUrl: string;
  /** Our own API key, by which the transaction service believes the address of the client that we name. */
  serviceKey: string;
  /** Wrong keys are counted for it; for this server's own address if undefined. */
  clientAddress: string | undefined;
}

interface Unavailable {
  outcome: 'unavailable';
  retryAfterSeconds: number;
}

export type Opened = { outcome: 'opened'; session: string } | { outcome: 'refused' } | Unavailable;

export type Exchange =
  | {
      outcome: 'token';
      token: string;
      /** Until it ends: a page's own clock may be minutes off. */
      secondsLeft: number;
    }
  | { outcome: 'refused' }
  | Unavailable;

export type Ended = { outcome: 'ended' } | Unavailable;

const TIMEOUT_MS = 5_000;
const RETRY_AFTER_SECONDS = 2;

/** Opens a session of the transaction service with an API key, which is kept nowhere. */
export function openSession(access: TransactionAccess, key: string): Promise<Opened> {
  return ask<Opened>({ access, path: '/v1/sessions', method: 'POST', bearer: key }, async (answer) => {
    if (answer.status === 401 || answer.status === 403) return { outcome: 'refused' };
    if (!answer.ok) return unavailable(answer);
    const { session } = (await answer.json()) as { session: string };
    return { outcome: 'opened', session };
  });
}

/** Asks the transaction service for a JWT in exchange for a session. */
export function exchangeSession(access: TransactionAccess, session: string): Promise<Exchange> {
  return ask<Exchange>({ access, path: '/v1/tokens', method: 'POST', bearer: session }, async (answer) => {
    if (answer.status === 401 || answer.status === 403) return { outcome: 'refused' };
    if (!answer.ok) return unavailable(answer);
    const { token, expiresAt } = (await answer.json()) as { token: string; expiresAt: string };
    const secondsLeft = Math.floor((Date.parse(expiresAt) - Date.now()) / 1_000);
    return { outcome: 'token', token, secondsLeft };
  });
}

/** Ends a session; one that has ended already is no failure. */
export function endSession(access: TransactionAccess, session: string): Promise<Ended> {
  const request = { access, path: '/v1/sessions/current', method: 'DELETE', bearer: session };
  return ask<Ended>(request, (answer) =>
    answer.ok || answer.status === 401 ? { outcome: 'ended' } : unavailable(answer),
  );
}

interface Request {
  access: TransactionAccess;
  path: string;
  method: string;
  bearer: string;
}

async function ask<T>(
  { access, path, method, bearer }: Request,
  read: (answer: Response) => T | Promise<T>,
): Promise<T | Unavailable> {
  const { transactionUrl, serviceKey, clientAddress } = access;
  try {
    const init: RequestInit = {
      method,
      headers: {
        authorization: `Bearer ${bearer}`,
        ...(clientAddress === undefined
          ? {}
          : { 'payfan-service-key': serviceKey, 'payfan-client-address': clientAddress }),
      },
      cache: 'no-store',
    };
    return await read(await wholeAnswer(`${transactionUrl}${path}`, init, { timeoutMs: TIMEOUT_MS }));
  } catch {
    return { outcome: 'unavailable', retryAfterSeconds: RETRY_AFTER_SECONDS };
  }
}

const unavailable = ({ headers }: Response): Unavailable => ({
  outcome: 'unavailable',
  retryAfterSeconds: Number(headers.get('retry-after')) || RETRY_AFTER_SECONDS,
});
