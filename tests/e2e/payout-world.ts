import { randomUUID } from 'node:crypto';
import type { Payout, PayoutItemResult } from '@payfan/contracts';
import type { Database } from '@payfan/database';
import { BrokerAdmin } from '@payfan/messaging/testing';
import {
  openAdminDatabase,
  startPayfan,
  waitFor,
  WAIT_TIMEOUT_MS,
  type Payfan,
  type PayfanOptions,
} from '@payfan/stack/testing';

export const ASHA = '7010233310';
export const RAVI = '7010233311';
export const MEERA = '7010233312';
export const NOBODY = '9876543210';

interface Line {
  to: string;
  amount?: number;
  note?: string;
}

/** Payfan with what tests of payouts do to it and look at. */
export interface PayoutWorld {
  readonly payfan: Payfan;
  readonly admin: Database;
  readonly broker: BrokerAdmin;
  /** Asks for a payout, under a new idempotency key unless told, and answers its id. */
  send(key: string, lines: readonly Line[], idempotencyKey?: string): Promise<string>;
  get(id: string): Promise<Payout>;
  items(id: string): Promise<PayoutItemResult[]>;
  /** Resolves with the payout once it is finished. */
  finished(id: string): Promise<Payout>;
  /** Answers the payout as it is then. */
  cancel(key: string, id: string): Promise<Payout>;
  /** Alerts to the payees of transfers under this note that were sent, of all channels. */
  payeesTold(note: string): Promise<number>;
  until(what: string, isSo: () => Promise<boolean>, timeoutMs?: number): Promise<void>;
  /** How many rows a statement counts, as `n`. */
  count(text: string, values?: unknown[]): Promise<number>;
  /**
   * Whether money and records agree: each line that succeeded has a transfer of its own, of its amount to its payee,
   * and the payer has paid for nothing else under this note.
   */
  expectPaidOnce(id: string, note: string): Promise<void>;
  stop(): Promise<void>;
}

/** A request that is not answered by then fails, so that the failure names it. */
const ANSWER_WITHIN_MS = 60_000;

export async function openPayoutWorld(options: PayfanOptions = {}): Promise<PayoutWorld> {
  const payfan = await startPayfan(options);
  const admin = openAdminDatabase({ url: payfan.database.adminUrl, name: 'test', max: 3 });
  const asOperator = { authorization: 'Bearer demo_operator' };
  const url = (path: string) => `${payfan.url('payout')}/v1/payouts${path}`;
  const read = async <T>(path: string) =>
    (await (await fetch(url(path), { headers: asOperator })).json()) as T;

  const world: PayoutWorld = {
    payfan,
    admin,
    broker: new BrokerAdmin(payfan.vhost),
    send: (key, lines, idempotencyKey = randomUUID()) => sendPayout(payfan, { key, lines, idempotencyKey }),
    get: (id) => read<Payout>(`/${id}`),
    items: async (id) => (await read<{ data: PayoutItemResult[] }>(`/${id}/items?limit=1000`)).data,
    async finished(id) {
      await world.until(
        `payout ${id} being finished`,
        async () => (await world.get(id)).status !== 'processing',
      );
      return world.get(id);
    },
    async cancel(key, id) {
      const headers = { authorization: `Bearer ${key}` };
      const answer = await fetch(url(`/${id}/cancel`), { method: 'POST', headers });
      expect(answer.status).toBe(200);
      return (await answer.json()) as Payout;
    },
    payeesTold: (note) =>
      world.count(
        `select count(*) as n
         from transaction.transfers t join (${['push', 'phone', 'email']
           .map((channel) => `select transfer_id, role, status from ${channel}.deliveries`)
           .join(' union all ')}) d on d.transfer_id = t.id
         where t.note = $1 and d.role = 'payee' and d.status = 'sent'`,
        [note],
      ),
    until: (what, isSo, timeoutMs = WAIT_TIMEOUT_MS) => waitFor(isSo, { what, timeoutMs }),
    async count(text, values = []) {
      const [row] = await admin.query<{ n: number }>({ text, values });
      return row?.n ?? -1;
    },
    async expectPaidOnce(id, note) {
      const succeeded = (await world.items(id)).filter(({ status }) => status === 'succeeded');
      const transfers = await admin.query<{ id: string; to: string; amount: number }>({
        text: `select t.id, a.phone as "to", t.amount
               from transaction.transfers t join transaction.accounts a on a.id = t.payee_id
               where t.note = $1 order by t.id`,
        values: [note],
      });
      const recorded = succeeded.map(({ transferId, to, amount }) => ({ id: transferId, to, amount }));
      expect(recorded.sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1))).toEqual(transfers);
    },
    async stop() {
      await admin.stop();
      await payfan.stop();
    },
  };
  return world;
}

/** Asks for a payout, and answers its id; throws if it is not taken. */
export async function sendPayout(
  payfan: Payfan,
  { key, lines, idempotencyKey }: { key: string; lines: readonly Line[]; idempotencyKey: string },
): Promise<string> {
  const items = lines.map(({ to, amount = 1, note = '' }) => ({ to, amount, currency: 'INR', note }));
  const answer = await fetch(`${payfan.url('payout')}/v1/payouts`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'idempotency-key': idempotencyKey,
    },
    body: JSON.stringify({ items }),
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  const body = (await answer.json()) as { id: string };
  expect([answer.status, body]).toEqual([202, expect.objectContaining({ total: lines.length })]);
  return body.id;
}

/** Lines to these people in turn, all under one note. */
export function linesTo(people: readonly string[], count: number, line: Omit<Line, 'to'>): Line[] {
  return Array.from({ length: count }, (_, index) => ({ ...line, to: people[index % people.length] ?? '' }));
}
