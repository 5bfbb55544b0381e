import type { Database } from '@payfan/database';
import type { Payfan } from '@payfan/stack/testing';

/** One alert that somebody received. */
export interface Told {
  channel: string;
  /** `<event>.<role>`, which names the alert wherever it goes. */
  reference: string;
  /** Where it arrived: an account, a phone number, a mail address. */
  to: string;
}

/** Everything that anybody received, a thing received twice being there twice. Asked of the world, not of our own records. */
export async function everythingTold(payfan: Payfan, database: Database): Promise<Told[]> {
  const [push, phone, email] = await Promise.all([
    feeds(database),
    texts(payfan.smsUrl),
    mails(payfan.mailApi),
  ]);
  return [...push, ...phone, ...email];
}

async function feeds(database: Database): Promise<Told[]> {
  const rows = await database.query<{ account: string; event: string; type: string }>({
    text: 'select account_id as account, event_id as event, type from push.feed_events',
  });
  return rows.map(({ account, event, type }) => ({
    channel: 'push',
    reference: `${event}.${type === 'transfer.debited' ? 'payer' : 'payee'}`,
    to: account,
  }));
}

/** The gateway keeps one message for each reference. */
async function texts(smsUrl: string): Promise<Told[]> {
  const messages = await pages<{ reference: string; to: string }>(`${smsUrl}/messages?limit=1000`);
  return messages.map(({ reference, to }) => ({ channel: 'phone', reference, to }));
}

/** What an inbox holds: every mail that was taken, answered or not. */
async function mails(mailApi: string): Promise<Told[]> {
  const attempts = await pages<{ reference: string; to: string; outcome: string }>(
    `${mailApi}/attempts?limit=10000`,
  );
  return attempts
    .filter(({ outcome }) => outcome === 'stored' || outcome === 'hung')
    .map(({ reference, to }) => ({ channel: 'email', reference: reference.replace(/@.*$/, ''), to }));
}

async function pages<Item>(url: string): Promise<Item[]> {
  const items: Item[] = [];
  for (let after: string | null = ''; after !== null;) {
    const response = await fetch(after === '' ? url : `${url}&after=${after}`);
    const page = (await response.json()) as { data: Item[]; nextCursor: string | null };
    items.push(...page.data);
    after = page.nextCursor;
  }
  return items;
}
