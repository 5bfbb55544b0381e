import { setTimeout as pause } from 'node:timers/promises';
import type { PayoutTurn } from '@payfan/contracts';
import { openDatabase, type Database } from '@payfan/database';
import { createLogger, newId } from '@payfan/service';
import { freshDatabase, waitFor, type FreshDatabase } from '@payfan/stack/testing';
import { Stalled } from './stalled.ts';
import { recordingTurns, storePayout } from './testing/stored-payout.ts';

const LOOK_EVERY_MS = 20;
const MINUTE_MS = 60_000;

let fresh: FreshDatabase;
let database: Database;
let turns: ReturnType<typeof recordingTurns>['turns'];
let stalled: Stalled;
/** How long the worker has had nothing to do. */
let idleMs: number;
/** Payouts that were counted as having got a new turn. */
let renewed: number;
/** Payouts that last moved so long ago, and whose turns are gone. */
let late: string;
let later: string;
beforeEach(async () => {
  fresh = await freshDatabase();
  database = openDatabase({ url: fresh.urlFor('payout'), name: 'payout' });
  const recording = recordingTurns(database);
  ({ turns } = recording);
  late = await storePayout(recording.around, 3, new Date(Date.now() - 5 * MINUTE_MS));
  later = await storePayout(recording.around, 3, new Date(Date.now() - 20 * MINUTE_MS));
  turns.length = 0;
  [idleMs, renewed] = [0, 0];
  stalled = new Stalled({
    ...recording.around,
    lane: 'free',
    broker: { ping: () => Promise.resolve() },
    idleMs: () => idleMs,
    onRenewed: (payouts) => (renewed += payouts),
    logger: createLogger({ service: 'test', level: 'silent' }),
    lookEveryMs: LOOK_EVERY_MS,
  });
  await stalled.start();
});
afterEach(async () => {
  await stalled.stop();
  await database.stop();
  await fresh.drop();
});

const turnAt = (at: Date, lane: PayoutTurn['data']['lane'] = 'free'): PayoutTurn => ({
  ...{ specversion: '1.0', id: newId(), source: '/payfan/payout', type: 'payfan.payout.turn.v1' },
  ...{ subject: late, time: at.toISOString(), datacontenttype: 'application/json' },
  ...{ traceparent: '', correlationid: '', data: { payoutId: late, lane } },
});
const served = () => turns.map(({ body }) => (JSON.parse(body) as PayoutTurn).data.payoutId);
const aFewLooks = () => pause(10 * LOOK_EVERY_MS);

test('while a worker is idle, payouts that stand still get one turn each', async () => {
  idleMs = MINUTE_MS;
  await waitFor(() => Promise.resolve(turns.length > 0), { what: 'new turns' });
  await aFewLooks();
  expect(served().sort()).toEqual([late, later].sort());
  expect(renewed).toBe(2);
});

test('on a lane that is never idle, who was passed over gets a turn, and who is only late does not', async () => {
  stalled.saw(turnAt(new Date()));
  await waitFor(() => Promise.resolve(turns.length > 0), { what: 'a new turn' });
  await aFewLooks();
  expect(served()).toEqual([later]);
});

test('what has come as yet, and what comes on the other lane, says nothing about who was passed over', async () => {
  await aFewLooks();
  stalled.saw(turnAt(new Date(Date.now() - 15 * MINUTE_MS)));
  stalled.saw(turnAt(new Date(), 'premium'));
  await aFewLooks();
  expect(served()).toEqual([]);
});
