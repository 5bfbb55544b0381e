import { openDatabase, type Database } from '@payfan/database';
import { freshDatabase, type FreshDatabase } from '@payfan/stack/testing';
import { newId } from '@payfan/service';
import type { TransferRequest } from '../transfer.ts';
import { draftTransferCompleted } from '../transfer-event.ts';
import type { Wanted } from '../transfer-store.ts';

/** Somebody in a test's ledger. */
interface Person {
  id: string;
  phone: string;
}

/** For tests: a ledger of its own, with people in it. */
export interface TestLedger {
  /** As the service's role. */
  readonly database: Database;
  /** As a role that may do everything. */
  readonly admin: Database;
  readonly people: readonly Person[];
  /** One more pool, as another instance of the service has. */
  another(): Database;
  /** Balances in minor units, in the order of `people`. */
  balances(): Promise<number[]>;
  setBalances(balances: readonly number[]): Promise<void>;
  close(): Promise<void>;
}

export async function openLedger(count: number): Promise<TestLedger> {
  const fresh: FreshDatabase = await freshDatabase();
  const open = () => openDatabase({ url: fresh.urlFor('transaction'), name: 'test' });
  const admin = openDatabase({ url: fresh.adminUrl, name: 'test', max: 2 });
  const databases = [open()];
  const [database] = databases as [Database];
  const people = Array.from({ length: count }, (_, n): Person => {
    return { id: newId(), phone: `+9190000${String(n).padStart(5, '0')}` };
  });
  await admin.query({
    text: `insert into transaction.accounts (id, kind, name, phone, email)
           select id, 'person', 'Person "' || n || '"', phone, 'person' || n || '@example.com'
           from unnest($1::uuid[], $2::text[]) with ordinality as p (id, phone, n)`,
    values: [people.map(({ id }) => id), people.map(({ phone }) => phone)],
  });
  return {
    database,
    admin,
    people,
    another() {
      const one = open();
      databases.push(one);
      return one;
    },
    async balances() {
      const rows = await admin.query<{ id: string; balance: number }>({
        text: 'select id, balance from transaction.accounts',
      });
      const byId = new Map(rows.map(({ id, balance }) => [id, balance]));
      return people.map(({ id }) => byId.get(id) ?? Number.NaN);
    },
    async setBalances(balances) {
      await admin.query({
        text: `update transaction.accounts set balance = b.balance
               from unnest($1::uuid[], $2::bigint[]) as b (id, balance) where accounts.id = b.id`,
        values: [people.map(({ id }) => id), balances],
      });
    },
    async close() {
      await Promise.all(databases.map((one) => one.stop()));
      await admin.stop();
      await fresh.drop();
    },
  };
}

/** A request for one rupee, unless told otherwise. */
export function aRequest(
  fields: Partial<TransferRequest> & Pick<TransferRequest, 'payerId' | 'payeePhone'>,
): TransferRequest {
  return {
    transferId: newId(),
    createdAt: new Date(),
    amount: 100,
    currency: 'INR',
    note: '',
    lane: 'interactive',
    idempotencyKey: newId(),
    fingerprint: '00',
    ...fields,
  };
}

export const TRACE = {
  correlationId: 'test',
  traceparent: '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01',
};

export const wantedOf = (request: TransferRequest): Wanted => ({
  request,
  draft: draftTransferCompleted(request, newId(), TRACE),
});
