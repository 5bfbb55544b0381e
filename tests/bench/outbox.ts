import { setTimeout as delay } from 'node:timers/promises';
import { PAYMENTS_EXCHANGE, type TransferCompleted } from '@payfan/contracts';
import { openBroker } from '@payfan/messaging';
import { waitFor } from '@payfan/stack/testing';
import type { BenchOptions, Figure } from './figure.ts';
import { wallMs } from './open-load.ts';
import { silentLog } from './silent-log.ts';
import { withStage, type Stage } from './stage.ts';
import { quantile } from './statistics.ts';

const PER_SECOND = 200;
const WARM_UP_MS = 5_000;
const MEASURED_MS = 20_000;
const CHANNELS = ['push', 'phone', 'email', 'operations'];

/**
 * How long an event takes from the acceptance of its request to a consumer of the broker. That is more than
 * from the commit to the broker: it has the commit itself in it, and the way from the broker to us.
 */
export async function outbox({ say }: BenchOptions): Promise<Figure[]> {
  return withStage(async (stage) => {
    const figures: Figure[] = [];
    for (const channels of ['running', 'stopped'] as const) {
      say(`  channels ${channels}`);
      if (channels === 'stopped') {
        await Promise.all(CHANNELS.map((name) => stage.payfan.program(name).stop()));
      }
      const latencies = await measure(stage);
      const limits = channels === 'stopped' ? { p50: 10, p99: 50 } : {};
      figures.push(
        figure(`p50, channels ${channels}`, quantile(latencies, 0.5), limits.p50),
        figure(`p99, channels ${channels}`, quantile(latencies, 0.99), limits.p99),
        { what: `events measured, channels ${channels}`, value: latencies.length, unit: 'events' },
      );
    }
    return figures;
  });
}

async function measure(stage: Stage): Promise<number[]> {
  const queue = `bench-${crypto.randomUUID()}`;
  const broker = openBroker({
    urls: [stage.payfan.vhost.amqpUrl],
    name: 'bench',
    log: silentLog,
    topology: {
      exchanges: [{ name: PAYMENTS_EXCHANGE, type: 'topic' }],
      queues: [{ name: queue, arguments: { 'x-queue-type': 'quorum' } }],
      bindings: [{ exchange: PAYMENTS_EXCHANGE, queue, routingKey: '#' }],
    },
  });
  let latencies: number[] = [];
  const consumer = broker.consume({
    queue,
    prefetch: 1_000,
    handler({ body }) {
      const event = JSON.parse(body.toString()) as TransferCompleted;
      latencies.push(wallMs() - Date.parse(event.data.createdAt));
      return Promise.resolve();
    },
  });
  await broker.start();
  await waitFor(() => broker.ping(), { what: 'the broker', timeoutMs: 10_000 });
  await consumer.start();
  const load = stage.load(PER_SECOND);
  await delay(WARM_UP_MS);
  latencies = [];
  await delay(MEASURED_MS);
  const measured = latencies;
  await load.stopWithoutRefusal();
  await consumer.stop();
  await broker.stop();
  return measured;
}

function figure(what: string, value: number, atMost: number | undefined): Figure {
  return { what, value, unit: 'ms', ...(atMost === undefined ? {} : { atMost }) };
}
