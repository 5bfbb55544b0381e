import { Queue, Worker } from 'bullmq';
import { perSecond } from './rounds.ts';

const QUEUE = 'bench';
/** Jobs in one `addBulk`. */
const BULK = 1_000;

/** Empty jobs a second, all of them added before the worker starts; completed jobs are not kept. */
export async function bullmq(
  { port }: { port: number },
  { jobs, concurrency }: { jobs: number; concurrency: number },
): Promise<number> {
  const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
  const queue = new Queue(QUEUE, { connection });
  const worker = new Worker(QUEUE, () => Promise.resolve(), { connection, concurrency, autorun: false });
  try {
    const opts = { removeOnComplete: true };
    for (let added = 0; added < jobs; added += BULK) {
      await queue.addBulk(Array.from({ length: BULK }, () => ({ name: 'empty', data: {}, opts })));
    }
    await worker.waitUntilReady();
    let completed = 0;
    const rate = await perSecond(
      jobs,
      () =>
        new Promise((resolve, reject) => {
          worker.on('completed', () => {
            completed += 1;
            if (completed === jobs) resolve();
          });
          worker.on('error', reject);
          worker.run().catch(reject);
        }),
    );
    const { waiting, active, failed } = await queue.getJobCounts('waiting', 'active', 'failed');
    if (waiting !== 0 || active !== 0 || failed !== 0) throw new Error('BullMQ has not completed all jobs');
    return rate;
  } finally {
    await worker.close();
    await queue.obliterate({ force: true });
    await queue.close();
  }
}
