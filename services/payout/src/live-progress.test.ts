import { LiveEvent, type Payout } from '@payfan/contracts';
import type { Outgoing } from '@payfan/messaging';
import { createLogger } from '@payfan/service';
import { LiveProgress } from './live-progress.ts';

const WINDOW = 100;

/** A broker that confirms, or fails, when it is told to. */
function heldBroker() {
  const told: LiveEvent[] = [];
  const held: { resolve: () => void; reject: (error: Error) => void }[] = [];
  return {
    told,
    held,
    publish({ body }: Outgoing) {
      told.push(LiveEvent.parse(JSON.parse(body.toString())));
      return new Promise<void>((resolve, reject) => held.push({ resolve, reject }));
    },
  };
}

const payoutOf = (id: string, succeeded: number): Payout => ({
  ...{ id, lane: 'free', status: 'processing', total: 200, succeeded, failed: 0, cancelled: 0 },
  ...{ amount: 200, paid: succeeded, currency: 'INR', completedAt: null },
  ...{ createdAt: '2026-05-01T10:00:00.000Z', updatedAt: '2026-05-01T10:00:01.000Z' },
});
const logger = createLogger({ service: 'test', level: 'silent' });
const FIRST = '0196a000-0000-7000-8000-000000000001';
const SECOND = '0196a000-0000-7000-8000-000000000002';

test('while confirms are late the newest state of each payout waits, and is published as soon as one comes or fails', async () => {
  const broker = heldBroker();
  const progress = new LiveProgress(broker, logger);
  for (let version = 1; version <= WINDOW + 20; version += 1) {
    progress.tell({ payout: payoutOf(FIRST, version), version });
  }
  progress.tell({ payout: payoutOf(SECOND, 7), version: 7 });
  expect(broker.told).toHaveLength(WINDOW);

  broker.held[0]?.resolve();
  broker.held[1]?.reject(new Error('no broker'));
  await new Promise(setImmediate);
  expect(broker.told.slice(WINDOW).map(({ id }) => id)).toEqual([
    `payout.${FIRST}.${WINDOW + 20}`,
    `payout.${SECOND}.7`,
  ]);
});
