import type { Database } from '@payfan/database';
import type { Payfan } from '@payfan/stack/testing';
import { attemptsAt, type Outside } from './outside.ts';

/** One alert that somebody received. */
export interface Told {
  channel: string;
  /** `<event>.<role>`, which names the alert wherever it goes. */
  reference: string;
  /** Where it arrived: an account, a phone number, a mail address. */
  to: string;
}

/**
 * Everything that anybody received, a thing received twice being there twice. Asked of the world, not of our
 * own records; `others` are further parts of it, beside Payfan's own sandbox.
 */
export async function everythingTold(
  payfan: Payfan,
  database: Database,
  others: readonly Outside[] = [],
): Promise<Told[]> {
  const told = await Promise.all([
    feeds(database),
    ...[payfan, ...others].flatMap(({ smsUrl, mailApi }) => [texts(smsUrl), mails(mailApi)]),
  ]);
  return told.flat();
}

async function feeds(database: Database): Promise<Told[]> {
  const rows = await database.query<{ account: string; event: string; type: string }>({
    text: 'select account_id as account, event_id as event, type from push.feed_events',
  });
  return rows.map(({ account, event, type }) => ({
    channel: 'push',
    reference: `${event}.${type === 'transfer.credited' ? 'payee' : 'payer'}`,
    to: account,
  }));
}

/**
 * By the gateway's log of attempts, which is ten times as long as its list of messages: a soak outlasts that.
 * One that it hung on is a message too, unless there was one under that reference.
 */
async function texts(smsUrl: string): Promise<Told[]> {
  const attempts = await attemptsAt(smsUrl);
  const stored = attempts.filter(({ outcome }) => outcome === 'stored');
  const known = new Set(stored.map(({ reference }) => reference));
  const hung = attempts.filter(({ outcome, reference }) => outcome === 'hung' && !known.has(reference));
  const first = new Map(hung.map((attempt) => [attempt.reference, attempt]));
  return [...stored, ...first.values()].map(({ reference, to }) => ({ channel: 'phone', reference, to }));
}

/** What an inbox holds: every mail that was taken, answered or not. */
async function mails(mailApi: string): Promise<Told[]> {
  const attempts = await attemptsAt(mailApi);
  return attempts
    .filter(({ outcome }) => outcome === 'stored' || outcome === 'hung')
    .map(({ reference, to }) => ({ channel: 'email', reference, to }));
}
