import { visibleContact, type Account, type Entry } from '@payfan/contracts';
import type { Queryable } from '@payfan/database';

/** A person's account, or undefined if there is none under this id. */
export async function findAccount(db: Queryable, id: string): Promise<Account | undefined> {
  const [row] = await db.query<Account>({
    name: 'account-find',
    text: `select id, name, phone, email, tier, balance, currency from accounts where id = $1 and kind = 'person'`,
    values: [id],
  });
  return row;
}

interface EntryRow extends Omit<Entry, 'id' | 'createdAt' | 'counterparty' | 'direction'> {
  id: number;
  created_at: Date;
  counterparty_name: string;
  counterparty_id: string;
  counterparty_phone: string | null;
}

/** A page of an account's ledger entries, newest first; the id of the last one is the cursor to the next page. */
export async function listEntries(
  db: Queryable,
  page: { accountId: string; before: number | null; limit: number },
): Promise<Entry[]> {
  const rows = await db.query<EntryRow>({
    name: 'entries-list',
    text: `select e.id, e.transfer_id as "transferId", e.amount, e.balance, t.currency, t.note, e.created_at,
                  other.id as counterparty_id, other.name as counterparty_name,
                  other.phone as counterparty_phone
           from entries e
             join transfers t on t.id = e.transfer_id
             join accounts other on other.id = case when t.payer_id = e.account_id then t.payee_id else t.payer_id end
           where e.account_id = $1 and e.id < coalesce($2::bigint, 9223372036854775807)
           order by e.id desc limit $3`,
    values: [page.accountId, page.before, page.limit],
  });
  const viewer = { kind: 'account', accountId: page.accountId } as const;
  return rows.map(
    ({ id, created_at, counterparty_id: accountId, counterparty_name, counterparty_phone, ...entry }) => {
      const isDebit = entry.amount < 0;
      const other = { accountId, role: isDebit ? 'payee' : 'payer' } as const;
      const phone = counterparty_phone && visibleContact(counterparty_phone, other, viewer);
      return {
        ...entry,
        id: String(id),
        direction: isDebit ? 'debit' : 'credit',
        counterparty: { name: counterparty_name, phone },
        createdAt: created_at.toISOString(),
      };
    },
  );
}
