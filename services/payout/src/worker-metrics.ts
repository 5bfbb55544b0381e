import { Counter, Gauge, type Registry } from 'prom-client';

/** What a worker counts. */
export function workerMetrics(registry: Registry, inHand: () => number) {
  const registers = [registry];
  new Gauge({
    name: 'payout_turns_in_hand',
    help: 'Chunks under way now',
    registers,
    collect() {
      this.set(inHand());
    },
  });
  return {
    chunks: new Counter({ name: 'payout_chunks_total', help: 'Chunks worked off and recorded', registers }),
    items: new Counter({
      name: 'payout_items_total',
      help: 'Items by what became of them: succeeded, or the code of the refusal',
      labelNames: ['outcome'],
      registers,
    }),
    putOff: new Counter({
      name: 'payout_turns_put_off_total',
      help: 'Turns whose chunk transaction did not take: they come again later',
      registers,
    }),
    putAway: new Counter({
      name: 'payout_turns_put_away_total',
      help: 'Messages put into the dead queue: unreadable, or untrusted_publisher (published by another than payout)',
      labelNames: ['reason'],
      registers,
    }),
    renewed: new Counter({
      name: 'payout_turns_renewed_total',
      help: 'Payouts that had lost their turns and got new ones',
      registers,
    }),
    stopped: new Counter({
      name: 'payouts_stopped_total',
      help: 'Payouts whose pending lines were cancelled because too many of their payees have no wallet',
      registers,
    }),
    finished: new Counter({
      name: 'payouts_finished_total',
      help: 'Payouts whose last item this worker recorded',
      registers,
    }),
  };
}
