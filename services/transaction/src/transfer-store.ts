import { visibleContact, type Transfer, type Viewer } from '@payfan/contracts';
import type { Queryable } from '@payfan/database';
import type { Lease, OutboxEvent, OutboxRow } from '@payfan/outbox';
import {
  keyOf,
  responseTail,
  type Decision,
  type InvalidCode,
  type Outcome,
  type TransferRequest,
} from './transfer.ts';
import type { EventDraft } from './transfer-event.ts';

/** A request together with the event that it causes if it is granted. */
export interface Wanted {
  request: TransferRequest;
  draft: EventDraft;
}

/** What a group came to: an outcome for each request, in their order, and the events that are ours to publish. */
export interface Committed {
  outcomes: Outcome[];
  toPublish: OutboxRow[];
}

type CommitRow =
  | { kind: 'decided' | 'replayed'; code: Decision['code']; response: string; body: string | null }
  | { kind: 'invalid'; code: InvalidCode }
  | { kind: 'limited'; response: string }
  | { kind: 'event'; outbox_id: number; event_id: string };

/**
 * Decides these requests in their order, and commits what that leads to: transfers, entries, balances, the
 * decisions under their keys, and events leased to `lease`. The rules are in `commit_transfers`
 * (migrations/0006_limits.sql).
 *
 * @param unknownPayeesPerHour interactive transfers of one account that may name an unknown payee; 0 for no limit
 */
export async function commitTransfers(
  db: Queryable,
  wanted: readonly Wanted[],
  lease: Lease,
  unknownPayeesPerHour = 0,
): Promise<Committed> {
  const requests = wanted.map(({ request }) => request);
  const drafts = wanted.map(({ draft }) => draft);
  const rows = await db.query<CommitRow>({
    name: 'transfers-commit',
    text: `select kind, code, response, body, outbox_id, event_id
           from commit_transfers($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
                                $20)`,
    values: [
      requests.map((r) => r.transferId),
      requests.map((r) => r.createdAt.toISOString()),
      requests.map((r) => r.payerId),
      requests.map((r) => r.payeePhone),
      requests.map((r) => r.amount),
      requests.map((r) => r.currency),
      requests.map((r) => r.note),
      requests.map((r) => r.lane),
      requests.map((r) => r.idempotencyKey),
      firstOfKeys(requests),
      requests.map((r) => r.fingerprint),
      requests.map(responseTail),
      drafts.map((d) => d.eventId),
      drafts.map((d) => d.exchange),
      drafts.map((d) => d.routingKey),
      drafts.map((d) => d.head),
      drafts.map((d) => d.traceparent),
      lease.holder,
      lease.seconds,
      unknownPayeesPerHour,
    ],
  });
  const outcomes: Outcome[] = [];
  const leased = new Map<string, OutboxEvent>();
  const toPublish: OutboxRow[] = [];
  for (const [index, row] of rows.entries()) {
    if (row.kind === 'event') {
      const event = leased.get(row.event_id);
      if (event !== undefined) toPublish.push({ ...event, id: row.outbox_id });
      continue;
    }
    outcomes.push(outcomeOf(row));
    const draft = drafts[index];
    if (row.kind !== 'decided' || row.body === null || draft === undefined) continue;
    const { eventId, exchange, routingKey, traceparent } = draft;
    leased.set(eventId, { eventId, exchange, routingKey, traceparent, body: row.body });
  }
  return { outcomes, toPublish };
}

/** For each request the place, from 1, of the first one under the same key. */
function firstOfKeys(requests: readonly TransferRequest[]): number[] {
  const places = new Map<string, number>();
  return requests.map((request, index) => {
    const key = keyOf(request);
    const place = places.get(key) ?? index + 1;
    places.set(key, place);
    return place;
  });
}

function outcomeOf(row: Exclude<CommitRow, { kind: 'event' }>): Outcome {
  if (row.kind === 'invalid') return row;
  if (row.kind === 'limited') return { kind: 'limited', retryAfterSeconds: Number(row.response) };
  const { kind, code, response } = row;
  return { kind, decision: code === 'completed' ? { code, response } : { code } };
}

/** One transfer as the viewer may see it; undefined for an account that is no party to it. */
export async function findTransfer(db: Queryable, id: string, viewer: Viewer): Promise<Transfer | undefined> {
  const [row] = await db.query<TransferRow>({
    name: 'transfer-find',
    text: `select ${TRANSFER_COLUMNS}
           from transfers t join accounts payer on payer.id = t.payer_id join accounts payee on payee.id = t.payee_id
           where t.id = $1 and ($2::uuid is null or t.payer_id = $2 or t.payee_id = $2)`,
    values: [id, viewer.kind === 'account' ? viewer.accountId : null],
  });
  return row === undefined ? undefined : toTransfer(row, viewer);
}

/** A page of an account's transfers, newest first; `entryId` of the last one is the cursor to the next page. */
export async function listTransfers(
  db: Queryable,
  page: { accountId: string; before: number | null; limit: number },
): Promise<{ entryId: number; transfer: Transfer }[]> {
  const rows = await db.query<TransferRow & { entryId: number }>({
    name: 'transfers-list',
    text: `select e.id as "entryId", ${TRANSFER_COLUMNS}
           from entries e join transfers t on t.id = e.transfer_id
                join accounts payer on payer.id = t.payer_id join accounts payee on payee.id = t.payee_id
           where e.account_id = $1 and e.id < coalesce($2::bigint, 9223372036854775807) and payer.kind = 'person'
           order by e.id desc limit $3`,
    values: [page.accountId, page.before, page.limit],
  });
  const viewer = { kind: 'account', accountId: page.accountId } as const;
  return rows.map((row) => ({ entryId: row.entryId, transfer: toTransfer(row, viewer) }));
}

interface TransferRow extends Omit<Transfer, 'status' | 'createdAt'> {
  payer_id: string;
  payee_id: string;
  created_at: Date;
}
const TRANSFER_COLUMNS =
  't.id, t.payer_id, t.payee_id, payer.phone as "from", payee.phone as "to", t.amount, t.currency, t.note, t.created_at';

function toTransfer(row: TransferRow, viewer: Viewer): Transfer {
  const { id, payer_id, payee_id, amount, currency, note, created_at } = row;
  // The treasury, which opens accounts, has no phone number.
  const from = row.from && visibleContact(row.from, { accountId: payer_id, role: 'payer' }, viewer);
  const to = visibleContact(row.to, { accountId: payee_id, role: 'payee' }, viewer);
  return { id, status: 'completed', from, to, amount, currency, note, createdAt: created_at.toISOString() };
}
