import type { Database } from '@payfan/database';
import { openAdminDatabase, type Payfan } from '@payfan/stack/testing';
import type { Load } from './load.ts';
import type { Outside } from './outside.ts';
import { everythingTold, type Told } from './told.ts';

const CHANNELS = ['push', 'phone', 'email'] as const;
const ROLES = ['payer', 'payee'] as const;

/** What became of everything, as the world outside and the ledger have it. Empty lists are the promise kept. */
export interface Verdict {
  /** Transfers in the ledger. */
  committed: number;
  /** Alerts that should have been and are not: `<channel> <transfer>.<role>`. */
  lost: string[];
  /** Alerts of no transfer, to somebody else, or of a transfer that nobody was answered. */
  unexpected: string[];
  /** Alerts that arrived more than once. */
  doubled: string[];
  /**
   * Mails that arrived twice under one Message-ID because the process that sent it died before it could record
   * that; SMTP has no way to ask. Not among `doubled`: the README says so to users.
   */
  mailsSentAgain: string[];
  /** Transfers that were answered to a client and are not in the ledger, or the other way round. */
  answeredOtherwise: string[];
  /** Payouts, their lines and the ledger where they contradict each other. */
  paidOtherwise: string[];
  /** Of all accounts, in minor units: what the world began with, nothing. */
  sumOfBalances: number;
  /** Accounts whose balance is not the sum of their entries. */
  wrongBalances: string[];
}

/** The one that promises nothing lost and nothing doubled. */
export const KEPT: Omit<Verdict, 'committed' | 'mailsSentAgain'> = {
  lost: [],
  unexpected: [],
  doubled: [],
  answeredOtherwise: [],
  paidOtherwise: [],
  sumOfBalances: 0,
  wrongBalances: [],
};

/** Where somebody is told, by channel. */
type Addresses = Record<(typeof CHANNELS)[number], string>;

interface CommittedTransfer {
  id: string;
  /** `bulk`: a payout's line, of which its payee alone is told. */
  lane: 'interactive' | 'bulk';
  payer: Addresses;
  payee: Addresses;
}

interface FinishedPayout {
  id: string;
  payer: Addresses;
}

/**
 * Compares the ledger with what arrived in the world, over all that ever happened in this Payfan.
 *
 * @param others parts of the world beside Payfan's own sandbox
 */
export async function check(
  payfan: Payfan,
  loads: readonly Load[],
  others: readonly Outside[] = [],
): Promise<Verdict> {
  const database = openAdminDatabase({ url: payfan.database.adminUrl, name: 'checker' });
  try {
    const transfers = await committedTransfers(database);
    return {
      committed: transfers.length,
      ...compareAlerts(
        expectedAlerts(transfers, await finishedPayouts(database)),
        await deliveriesIn(database),
        await everythingTold(payfan, database, others),
      ),
      answeredOtherwise: compareAnswers(transfers, loads),
      paidOtherwise: await comparePayouts(database),
      ...(await addUp(database)),
    };
  } finally {
    await database.stop();
  }
}

function committedTransfers(database: Database): Promise<CommittedTransfer[]> {
  const party = (name: string) =>
    `jsonb_build_object('push', ${name}.id, 'phone', ${name}.phone, 'email', ${name}.email) as ${name}`;
  return database.query<CommittedTransfer>({
    text: `select t.id, t.lane, ${party('payer')}, ${party('payee')}
           from transaction.transfers t
             join transaction.accounts payer on payer.id = t.payer_id and payer.kind = 'person'
             join transaction.accounts payee on payee.id = t.payee_id`,
  });
}

function finishedPayouts(database: Database): Promise<FinishedPayout[]> {
  return database.query<FinishedPayout>({
    text: `select id, jsonb_build_object('push', owner ->> 'accountId', 'phone', owner ->> 'phone',
                                         'email', owner ->> 'email') as payer
           from payout.payouts where status <> 'processing'`,
  });
}

interface DeliveryRecord {
  channel: string;
  /** What names the alert outside. */
  reference: string;
  /** `<transfer>.<role>`, or `<payout>.<role>`. */
  subject: string;
  attempts: number;
}

/** Our own records, which tell what an alert is about. */
function deliveriesIn(database: Database): Promise<DeliveryRecord[]> {
  return database.query<DeliveryRecord>({
    text: CHANNELS.map(
      (channel) =>
        `select '${channel}' as channel, event_id || '.' || role as reference,
                coalesce(transfer_id, payout_id) || '.' || role as subject, attempts
         from ${channel}.deliveries`,
    ).join(' union all '),
  });
}

/** Each alert that should have arrived, as `<channel> <subject>`, and where. */
function expectedAlerts(
  transfers: readonly CommittedTransfer[],
  payouts: readonly FinishedPayout[],
): Map<string, string> {
  const alerts = (subject: string, to: Addresses) =>
    CHANNELS.map((channel): [string, string] => [`${channel} ${subject}`, to[channel]]);
  return new Map([
    ...transfers.flatMap(({ id, lane, ...parties }) =>
      ROLES.filter((role) => role === 'payee' || lane === 'interactive').flatMap((role) =>
        alerts(`${id}.${role}`, parties[role]),
      ),
    ),
    ...payouts.flatMap(({ id, payer }) => alerts(`${id}.payer`, payer)),
  ]);
}

function compareAlerts(
  expected: ReadonlyMap<string, string>,
  events: readonly DeliveryRecord[],
  told: readonly Told[],
): Pick<Verdict, 'lost' | 'unexpected' | 'doubled' | 'mailsSentAgain'> {
  const alertOf = new Map(events.map((event) => [`${event.channel} ${event.reference}`, event]));
  const missing = new Map(expected);
  const unexpected: string[] = [];
  const doubled: string[] = [];
  const mailsSentAgain: string[] = [];
  for (const { channel, reference, to } of told) {
    const record = alertOf.get(`${channel} ${reference}`);
    const alert = `${channel} ${record?.subject ?? reference}`;
    if (expected.get(alert) !== to) unexpected.push(`${alert} to ${to}`);
    else if (missing.has(alert)) missing.delete(alert);
    else if (channel === 'email' && (record?.attempts ?? 0) > 1) mailsSentAgain.push(alert);
    else doubled.push(alert);
  }
  return { lost: [...missing.keys()], unexpected, doubled, mailsSentAgain };
}

function compareAnswers(transfers: readonly CommittedTransfer[], loads: readonly Load[]): string[] {
  const committed = new Set(transfers.filter(({ lane }) => lane === 'interactive').map(({ id }) => id));
  const answered = new Set(loads.flatMap((load) => [...load.answered.values()]));
  const keys = loads.reduce((sum, load) => sum + load.answered.size, 0);
  return [
    ...[...answered].filter((id) => !committed.has(id)).map((id) => `${id} answered, not committed`),
    ...[...committed].filter((id) => !answered.has(id)).map((id) => `${id} committed, not answered`),
    ...(keys === answered.size ? [] : [`${keys} keys, ${answered.size} transfers`]),
  ];
}

/** What payouts say of their lines against the lines, and the lines against the ledger. */
async function comparePayouts(database: Database): Promise<string[]> {
  const wrong = await database.query<{ what: string }>({
    text: `select 'payout ' || p.id || ' does not count what became of its lines' as what
           from payout.payouts p, lateral (
             select count(*) filter (where status = 'succeeded') as succeeded,
                    count(*) filter (where status = 'failed') as failed,
                    count(*) filter (where status = 'cancelled') as cancelled,
                    coalesce(sum(amount) filter (where status = 'succeeded'), 0) as paid
             from payout.payout_items where payout_id = p.id) i
           where (p.succeeded, p.failed, p.cancelled, p.paid) <> (i.succeeded, i.failed, i.cancelled, i.paid)
           union all
           select 'line ' || coalesce(i.payout_id || ' ' || i.line, 'none') || ', transfer ' || coalesce(t.id::text, 'none')
           from (select i.payout_id, i.line, i.transfer_id,
                        (i.transfer_id, p.account_id, i.payee_phone, i.amount)::text as said
                 from payout.payout_items i join payout.payouts p on p.id = i.payout_id
                 where i.status = 'succeeded') i
             full join (select t.id, (t.id, t.payer_id, a.phone, t.amount)::text as done
                        from transaction.transfers t join transaction.accounts a on a.id = t.payee_id
                        where t.lane = 'bulk') t on t.id = i.transfer_id
           where i.said is distinct from t.done`,
  });
  return wrong.map(({ what }) => what);
}

async function addUp(database: Database): Promise<Pick<Verdict, 'sumOfBalances' | 'wrongBalances'>> {
  const accounts = await database.query<{ name: string; balance: number; entries: number }>({
    text: `select name, balance, (select coalesce(sum(amount), 0)::bigint from transaction.entries e
                                  where e.account_id = a.id) as entries
           from transaction.accounts a`,
  });
  return {
    sumOfBalances: accounts.reduce((sum, { balance }) => sum + balance, 0),
    wrongBalances: accounts
      .filter(({ balance, entries }) => balance !== entries)
      .map(({ name, balance, entries }) => `${name}: ${balance}, entries ${entries}`),
  };
}
