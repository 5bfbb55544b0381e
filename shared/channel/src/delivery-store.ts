import type { Delivery, DeliveryStatus, Lane, Role, Viewer } from '@payfan/contracts';
import { isGone, type Queryable } from '@payfan/database';
import { DIED_AGAIN } from './dead-letter-store.ts';
import { normaliseError } from './normalise-error.ts';
import type { DeadReason } from './policy.ts';
import { storableJson, storableText } from './storable.ts';
import type { ToldOf } from './told-of.ts';

/** Which alert: one event, to one of the people it concerns. */
interface DeliveryKey {
  eventId: string;
  role: Role;
}

export interface NewDelivery extends DeliveryKey, ToldOf {
  accountId: string;
  recipient: string;
  /** How long its lane was paused between the commit and the claim; not at all unless given. */
  pausedSeconds?: number;
}

/**
 * What a claim came to. `ours`: nobody else will attempt it until the claim runs out; `uncertain` if an
 * earlier attempt may have been accepted, by `lastProvider` or, if that is null, by nobody knows whom.
 * `leftBehind`: by a claimant that died in the middle of it. `done`: sent or dead. `busy`: somebody else is
 * at it.
 */
export type Claim =
  | { kind: 'ours'; attempts: number; uncertain: boolean; lastProvider: string | null; leftBehind: boolean }
  | { kind: 'done' }
  | { kind: 'busy' };

export interface Claimant {
  /** Unique for each process. */
  id: string;
  /** How long a claim holds: longer than an attempt can take. */
  seconds: number;
}

interface ClaimRow extends DeliveryKey {
  attempts: number | null;
  uncertain: boolean | null;
  provider: string | null;
  /** As of the statement's begin: null if it is new, or somebody has just inserted it. */
  status: DeliveryStatus | null;
}

/**
 * Claims deliveries, whether new, waiting for a further attempt, or left behind by a claimant that died.
 * Answers in the order asked. Nearly all are new, and one short statement claims those.
 */
export async function claimDeliveries(
  db: Queryable,
  claimant: Claimant,
  wanted: readonly NewDelivery[],
): Promise<Claim[]> {
  const claimed = await claimNew(db, claimant, wanted);
  if (claimed.length === wanted.length) return claimed.map(() => NEW);
  const fresh = new Set(claimed.map(keyOf));
  const others = wanted.filter((delivery) => !fresh.has(keyOf(delivery)));
  const claims = others.length > 0 ? await claimAgain(db, claimant, others) : [];
  let next = 0;
  return wanted.map((delivery) => {
    // A statement can claim a row once: whoever asks for it twice at the same time is behind himself.
    if (fresh.delete(keyOf(delivery))) return NEW;
    return claims[next++] ?? { kind: 'busy' };
  });
}

/** A new delivery: its columns, their arrays as parameters, and the fields that these hold. */
const NEW_COLUMNS =
  'event_id, role, transfer_id, account_id, recipient, committed_at, payout_id, untold_payer_id, paused_seconds';
const NEW_ARRAYS =
  '$1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::timestamptz[], $7::uuid[], $8::uuid[], $9::integer[]';
const newColumns = (wanted: readonly NewDelivery[]): unknown[][] => [
  ...columns(
    wanted,
    'eventId',
    'role',
    'transferId',
    'accountId',
    'recipient',
    'committedAt',
    'payoutId',
    'untoldPayerId',
  ),
  wanted.map(({ pausedSeconds = 0 }) => pausedSeconds),
];

const NEW: Claim = { kind: 'ours', attempts: 1, uncertain: false, lastProvider: null, leftBehind: false };

/** Claims those of which nothing is known yet; answers their keys. */
function claimNew(db: Queryable, claimant: Claimant, wanted: readonly NewDelivery[]): Promise<DeliveryKey[]> {
  return db.query<DeliveryKey>({
    name: 'deliveries-claim-new',
    // In the order of their keys, as wherever several are locked: two batches never wait for each other crosswise.
    text: `insert into deliveries (${NEW_COLUMNS}, status, attempts, claimed_by, claimed_until)
           select w.*, 'sending', 1, $10, clock_timestamp() + make_interval(secs => $11)
           from unnest(${NEW_ARRAYS}) as w (${NEW_COLUMNS})
           order by event_id, role
           on conflict do nothing
           returning event_id as "eventId", role`,
    values: [...newColumns(wanted), claimant.id, claimant.seconds],
  });
}

/** Claims whatever may be claimed of these. Rows are locked in the order of their keys. */
async function claimAgain(
  db: Queryable,
  claimant: Claimant,
  wanted: readonly NewDelivery[],
): Promise<Claim[]> {
  // A statement can claim a row once: whoever asks for it twice at the same time is behind himself.
  const distinct = new Map(wanted.map((delivery) => [keyOf(delivery), delivery]));
  const rows = await db.query<ClaimRow>({
    name: 'deliveries-claim',
    text: `with wanted as (
             select * from unnest(${NEW_ARRAYS}) as w (${NEW_COLUMNS})
           ), claimed as (
             insert into deliveries as d (${NEW_COLUMNS}, status, attempts, claimed_by, claimed_until)
             select w.*, 'sending', 1, $10, clock_timestamp() + make_interval(secs => $11)
             from wanted w order by event_id, role
             on conflict (event_id, role) do update
               set status = 'sending', attempts = d.attempts + 1,
                   uncertain = d.uncertain or d.status = 'sending',
                   -- Left behind: that attempt may have been made by any, unless there was a suspect before.
                   provider = case when d.uncertain or d.status <> 'sending' then d.provider end,
                   paused_seconds = greatest(d.paused_seconds, excluded.paused_seconds),
                   claimed_by = excluded.claimed_by, claimed_until = excluded.claimed_until
               where d.status = 'retrying' or (d.status = 'sending' and d.claimed_until <= clock_timestamp())
             returning event_id, role, attempts, uncertain, provider
           )
           select w.event_id as "eventId", w.role, c.attempts, c.uncertain, c.provider, d.status
           from wanted w
             left join claimed c using (event_id, role)
             left join deliveries d using (event_id, role)`,
    values: [...newColumns([...distinct.values()]), claimant.id, claimant.seconds],
  });
  const found = new Map(rows.map((row) => [keyOf(row), row]));
  return wanted.map((delivery) => {
    const row = found.get(keyOf(delivery));
    if (row?.attempts == null) {
      return row?.status === 'sent' || row?.status === 'dead' ? { kind: 'done' } : { kind: 'busy' };
    }
    found.delete(keyOf(delivery));
    return {
      kind: 'ours',
      attempts: row.attempts,
      uncertain: row.uncertain === true,
      lastProvider: row.provider,
      leftBehind: row.status === 'sending',
    };
  });
}

/**
 * Always true, and a reason for the planner to expect three keys, not ten, so that it finds each row by its own. In a
 * table that was analysed while it was as good as empty, reading all of an index looks cheaper than ten rows found one
 * by one, and such a plan is kept until autovacuum analyses the table again: measured at 200 transfers a second two
 * minutes later, 900 rows read for each.
 */
const FEW = 'place > 0';

/** In the order in which claims lock deliveries, so that no two statements wait for each other crosswise. */
function inLockOrder<Key extends DeliveryKey>(keys: readonly Key[]): Key[] {
  return [...keys].sort((a, b) => compare(a.eventId, b.eventId) || compare(a.role, b.role));
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/**
 * Ends the claims of processes that are no more on these deliveries, so that nobody waits for them to run
 * out. For messages that the broker hands out again: that, too, says that somebody has gone.
 */
export async function freeClaimsOfTheGone(db: Queryable, keys: readonly DeliveryKey[]): Promise<void> {
  await db.query({
    name: 'deliveries-free-claims',
    text: `update deliveries d set claimed_until = clock_timestamp()
           from unnest($1::uuid[], $2::text[]) with ordinality as k (event_id, role, place)
           where ${FEW} and d.event_id = k.event_id and d.role = k.role and d.status = 'sending'
             and d.claimed_until > clock_timestamp() and ${isGone('d.claimed_by')}`,
    values: columns(inLockOrder(keys), 'eventId', 'role'),
  });
}

/** Takes back claims of which the claimant never heard, so that no attempt was made under them. */
export async function undoClaims(
  db: Queryable,
  claimantId: string,
  keys: readonly DeliveryKey[],
): Promise<void> {
  await db.query({
    name: 'deliveries-undo-claims',
    text: `update deliveries d
           set status = 'retrying', attempts = attempts - 1, claimed_by = null, claimed_until = null
           from unnest($2::uuid[], $3::text[]) with ordinality as k (event_id, role, place)
           where ${FEW} and d.event_id = k.event_id and d.role = k.role and d.status = 'sending' and d.claimed_by = $1`,
    values: [claimantId, ...columns(inLockOrder(keys), 'eventId', 'role')],
  });
}

/** How a claimed delivery ended, for now or for good. */
export interface Outcome extends DeliveryKey {
  status: Exclude<DeliveryStatus, 'sending'>;
  /** It may have been accepted, by `provider`. */
  uncertain: boolean;
  provider: string | null;
  reference: string | null;
  error: string | null;
  /** With `retrying`: how long its message waits. */
  nextAttemptInMs: number | null;
  /** With `dead`: what becomes of the message. */
  deadLetter: OutcomeLetter | null;
}

interface OutcomeLetter {
  subject: string;
  reason: DeadReason;
  lane: Lane;
  routingKey: string;
  headers: Record<string, unknown>;
  body: Buffer;
}

/** Null where the claim was no longer ours; else how long after the commit it was sent. */
export type Recorded = { latencyMs: number | null } | null;

/**
 * Records outcomes, and the dead letters of those that are dead; those that were sent, which are nearly all, in
 * one short statement. Guarded by the claim: a claimant that was stalled past its end must not overwrite what its
 * successor has recorded.
 */
export async function recordOutcomes(
  db: Queryable,
  claimantId: string,
  outcomes: readonly Outcome[],
): Promise<Recorded[]> {
  const ordered = inLockOrder(outcomes);
  const sent = ordered.filter(({ status }) => status === 'sent');
  const others = ordered.filter(({ status }) => status !== 'sent');
  const recorded = new Map([
    ...(sent.length > 0 ? await recordSent(db, claimantId, sent) : []),
    ...(others.length > 0 ? await recordOthers(db, claimantId, others) : []),
  ]);
  return outcomes.map((outcome) => {
    const latencyMs = recorded.get(outcome);
    return latencyMs === undefined ? null : { latencyMs };
  });
}

/** An outcome that was recorded, and how long after the commit its alert was sent. */
type RecordedOutcome = [Outcome | undefined, number | null];

async function recordSent(
  db: Queryable,
  claimantId: string,
  outcomes: readonly Outcome[],
): Promise<RecordedOutcome[]> {
  // Rows name their outcomes by place (from 1): looking them up by keys of text would cost more than all else here.
  const rows = await db.query<{ place: number; latencyMs: number }>({
    name: 'deliveries-record-sent',
    text: `update deliveries d
           set status = 'sent', uncertain = false, provider = o.provider, reference = o.reference, error = null,
               claimed_by = null, claimed_until = null, sent_at = clock_timestamp()
           from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) with ordinality
                  as o (event_id, role, provider, reference, place)
           where ${FEW} and d.event_id = o.event_id and d.role = o.role and d.status = 'sending' and d.claimed_by = $5
           returning o.place,
                     extract(epoch from d.sent_at - d.committed_at)::float8 * 1000 as "latencyMs"`,
    values: [
      ...columns(outcomes, 'eventId', 'role', 'provider'),
      outcomes.map(({ reference }) => reference && storableText(reference)),
      claimantId,
    ],
  });
  return rows.map(({ place, latencyMs }) => [outcomes[place - 1], latencyMs]);
}

async function recordOthers(
  db: Queryable,
  claimantId: string,
  outcomes: readonly Outcome[],
): Promise<RecordedOutcome[]> {
  const letters = outcomes.map(({ deadLetter }) => deadLetter);
  const rows = await db.query<{ place: number }>({
    name: 'deliveries-record',
    text: `with outcome as (
             select * from unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[], $5::text[], $6::text[], $7::text[],
                                  $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::jsonb[], $14::bytea[],
                                  $15::float8[]) with ordinality
               as o (event_id, role, status, uncertain, provider, reference, error,
                     subject, reason, error_group, lane, routing_key, headers, body, next_in_ms, place)
           ), recorded as (
             update deliveries d
             set status = o.status, uncertain = o.uncertain, provider = o.provider,
                 reference = o.reference, error = o.error, claimed_by = null, claimed_until = null,
                 next_attempt_at = clock_timestamp() + make_interval(secs => o.next_in_ms / 1000)
             from outcome o
             where ${FEW} and d.event_id = o.event_id and d.role = o.role and d.status = 'sending' and d.claimed_by = $16
             returning o.place, d.transfer_id, d.attempts
           ), letters as (
             insert into dead_letters as l (subject, event_id, role, transfer_id, lane, reason, error, error_group,
                                            attempts, routing_key, headers, body)
             select o.subject, o.event_id, o.role, r.transfer_id, o.lane, o.reason, o.error, o.error_group,
                    r.attempts, o.routing_key, o.headers, o.body
             from outcome o join recorded r using (place)
             where o.status = 'dead'
             -- In the order in which replays lock letters, so that neither waits for the other crosswise.
             order by o.subject
             on conflict (subject) do update set ${DIED_AGAIN}, attempts = excluded.attempts
           )
           select place from recorded`,
    values: [
      ...columns(outcomes, 'eventId', 'role', 'status', 'uncertain', 'provider'),
      outcomes.map(({ reference }) => reference && storableText(reference)),
      outcomes.map(({ error }) => error && storableText(error)),
      letters.map((letter) => letter?.subject),
      letters.map((letter) => letter?.reason),
      outcomes.map(({ deadLetter, error }) => deadLetter && normaliseError(error ?? '')),
      letters.map((letter) => letter?.lane),
      letters.map((letter) => letter && storableText(letter.routingKey)),
      letters.map((letter) => letter && storableJson(letter.headers)),
      letters.map((letter) => letter?.body),
      outcomes.map(({ nextAttemptInMs }) => nextAttemptInMs),
      claimantId,
    ],
  });
  return rows.map(({ place }) => [outcomes[place - 1], null]);
}

export interface DeliveryRow extends Omit<Delivery, 'channel' | 'nextAttemptAt' | 'createdAt' | 'sentAt'> {
  accountId: string;
  nextAttemptAt: Date | null;
  createdAt: Date;
  sentAt: Date | null;
}

/** The deliveries of a transfer or of a payout as a whole, payer first; none if the viewer has no part in it. */
export async function listDeliveries(
  db: Queryable,
  { of, id }: { of: 'transfer' | 'payout'; id: string },
  viewer: Viewer,
): Promise<DeliveryRow[]> {
  return db.query<DeliveryRow>({
    name: `deliveries-of-${of}`,
    text: `select account_id as "accountId", role, recipient, status, attempts, provider, reference, error,
                  case when status = 'retrying' then next_attempt_at end as "nextAttemptAt",
                  created_at as "createdAt", sent_at as "sentAt",
                  round(extract(epoch from sent_at - committed_at) * 1000, 1)::float8 as "latencyMs",
                  paused_seconds as "pausedSeconds"
           from deliveries
           where ${of}_id = $1
             and ($2::uuid is null
                  or exists (select from deliveries own
                             where own.${of}_id = $1 and $2 in (own.account_id, own.untold_payer_id)))
           order by role desc`,
    values: [id, viewer.kind === 'account' ? viewer.accountId : null],
  });
}

const keyOf = ({ eventId, role }: DeliveryKey): string => `${eventId}.${role}`;

/** Rows as one array for each column, which is how `unnest` takes them. */
function columns<Row>(rows: readonly Row[], ...names: (keyof Row)[]): unknown[][] {
  return names.map((name) => rows.map((row) => row[name]));
}
