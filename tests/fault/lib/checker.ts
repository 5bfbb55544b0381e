import { openDatabase, type Database } from '@payfan/database';
import type { Payfan } from '@payfan/stack/testing';
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
  sumOfBalances: 0,
  wrongBalances: [],
};

interface CommittedTransfer {
  id: string;
  payer: Record<(typeof CHANNELS)[number], string>;
  payee: Record<(typeof CHANNELS)[number], string>;
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
  const database = openDatabase({ url: payfan.database.adminUrl, name: 'checker' });
  try {
    const transfers = await committedTransfers(database);
    return {
      committed: transfers.length,
      ...compareAlerts(
        transfers,
        await deliveriesIn(database),
        await everythingTold(payfan, database, others),
      ),
      answeredOtherwise: compareAnswers(transfers, loads),
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
    text: `select t.id, ${party('payer')}, ${party('payee')}
           from transaction.transfers t
             join transaction.accounts payer on payer.id = t.payer_id and payer.kind = 'person'
             join transaction.accounts payee on payee.id = t.payee_id`,
  });
}

interface DeliveryRecord {
  channel: string;
  /** What names the alert outside. */
  reference: string;
  /** `<transfer>.<role>`. */
  transfer: string;
  attempts: number;
}

/** Our own records, which tell the transfer of an alert. */
function deliveriesIn(database: Database): Promise<DeliveryRecord[]> {
  return database.query<DeliveryRecord>({
    text: CHANNELS.map(
      (channel) =>
        `select '${channel}' as channel, event_id || '.' || role as reference, transfer_id || '.' || role as transfer,
                attempts from ${channel}.deliveries`,
    ).join(' union all '),
  });
}

function compareAlerts(
  transfers: readonly CommittedTransfer[],
  events: readonly DeliveryRecord[],
  told: readonly Told[],
): Pick<Verdict, 'lost' | 'unexpected' | 'doubled' | 'mailsSentAgain'> {
  const alertOf = new Map(events.map((event) => [`${event.channel} ${event.reference}`, event]));
  const missing = new Map(
    transfers.flatMap(({ id, ...parties }) =>
      CHANNELS.flatMap((channel) =>
        ROLES.map((role): [string, string] => [`${channel} ${id}.${role}`, parties[role][channel]]),
      ),
    ),
  );
  const expected = new Map(missing);
  const unexpected: string[] = [];
  const doubled: string[] = [];
  const mailsSentAgain: string[] = [];
  for (const { channel, reference, to } of told) {
    const record = alertOf.get(`${channel} ${reference}`);
    const alert = `${channel} ${record?.transfer ?? reference}`;
    if (expected.get(alert) !== to) unexpected.push(`${alert} to ${to}`);
    else if (missing.has(alert)) missing.delete(alert);
    else if (channel === 'email' && (record?.attempts ?? 0) > 1) mailsSentAgain.push(alert);
    else doubled.push(alert);
  }
  return { lost: [...missing.keys()], unexpected, doubled, mailsSentAgain };
}

function compareAnswers(transfers: readonly CommittedTransfer[], loads: readonly Load[]): string[] {
  const committed = new Set(transfers.map(({ id }) => id));
  const answered = new Set(loads.flatMap((load) => [...load.answered.values()]));
  const keys = loads.reduce((sum, load) => sum + load.answered.size, 0);
  return [
    ...[...answered].filter((id) => !committed.has(id)).map((id) => `${id} answered, not committed`),
    ...[...committed].filter((id) => !answered.has(id)).map((id) => `${id} committed, not answered`),
    ...(keys === answered.size ? [] : [`${keys} keys, ${answered.size} transfers`]),
  ];
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
