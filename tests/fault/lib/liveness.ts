import { BrokerAdmin } from '@payfan/messaging/testing';
import { openAdminDatabase, waitFor, WAIT_TIMEOUT_MS, type Payfan } from '@payfan/stack/testing';

export interface LivenessOptions {
  /** Deliveries that are to end as dead letters. */
  deadLetters?: number;
  /** By when everything is to be at rest. */
  timeoutMs?: number;
}

/** The system heals step by step, such as by a retry after a provider's outage, and all that was held is then sent. */
const HEAL_TIMEOUT_MS = 2 * WAIT_TIMEOUT_MS;

/**
 * Resolves when nothing is under way any more: finished payouts, empty outboxes, all deliveries of each transfer and
 * each payout at their end, empty queues. Answers how many milliseconds that took, which is how long the system needed
 * to heal.
 */
export async function atRest(payfan: Payfan, options: LivenessOptions = {}): Promise<number> {
  const { deadLetters = 0, timeoutMs = HEAL_TIMEOUT_MS } = options;
  const database = openAdminDatabase({ url: payfan.database.adminUrl, name: 'liveness', max: 2 });
  const broker = new BrokerAdmin(payfan.vhost);
  const begunMs = performance.now();
  const expectNone = async (what: string, sql: string) => {
    const [row] = await database.query<{ count: number }>({ text: sql });
    if (row?.count !== 0) throw new Error(`${what}: ${row?.count ?? 'unknown'}`);
  };
  try {
    await waitFor(
      async () => {
        await expectNone(
          'payouts under way',
          "select count(*) from payout.payouts where status = 'processing'",
        );
        await expectNone(
          'events in outboxes',
          'select (select count(*) from transaction.outbox) + (select count(*) from payout.outbox) as count',
        );
        await expectNone('deliveries not at their end', UNFINISHED);
        await expectNone('dead letters beyond those expected', `select (${DEAD}) - ${deadLetters} as count`);
        const waiting = await broker.messages();
        if (waiting > 0) throw new Error(`messages in queues: ${waiting}`);
      },
      { what: 'everything being at rest', timeoutMs, intervalMs: 200 },
    );
  } finally {
    await database.stop();
  }
  return performance.now() - begunMs;
}

/** So many looks in a row without a change, and nothing more will come by itself. */
const QUIET_LOOKS = 15;

/** Resolves when nothing moves any more, whether or not everything was done that should have been. */
export async function quiet(payfan: Payfan, timeoutMs = WAIT_TIMEOUT_MS): Promise<void> {
  const database = openAdminDatabase({ url: payfan.database.adminUrl, name: 'liveness', max: 2 });
  const broker = new BrokerAdmin(payfan.vhost);
  let last = '';
  let alike = 0;
  try {
    await waitFor(
      async () => {
        const counts = await database.query({
          text: `select (select count(*) from transaction.outbox) as outbox, ${CHANNELS.map(
            (channel) =>
              `(select array_agg(n) from (select count(*) as n from ${channel}.deliveries group by status) s) as ${channel}`,
          ).join(', ')}`,
        });
        const now = JSON.stringify([counts, await broker.messages()]);
        alike = now === last ? alike + 1 : 0;
        last = now;
        return alike >= QUIET_LOOKS;
      },
      { what: 'nothing moving any more', timeoutMs, intervalMs: 200 },
    );
  } finally {
    await database.stop();
  }
}

const CHANNELS = ['push', 'phone', 'email'];
const perChannel = (sql: (channel: string) => string) =>
  CHANNELS.map((channel) => `(${sql(channel)})`).join(' + ');
/** A person's transfer tells two people, a payout's line its payee, a payout its owner. */
const UNFINISHED = `select ${CHANNELS.length} * ((
    select coalesce(sum(case lane when 'interactive' then 2 else 1 end), 0)::bigint
    from transaction.transfers t join transaction.accounts a on a.id = t.payer_id and a.kind = 'person'
  ) + (select count(*) from payout.payouts)) - (${perChannel((channel) => `select count(*) from ${channel}.deliveries where status in ('sent', 'dead')`)}) as count`;
const DEAD = perChannel((channel) => `select count(*) from ${channel}.dead_letters`);
