import { EventEmitter, once } from 'node:events';
import type { Database } from '@payfan/database';
import { waitFor } from '@payfan/stack/testing';
import { Logger, run, runMigrations, type WorkerEvents } from 'graphile-worker';

/** As its own page on performance has it: https://worker.graphile.org/docs/performance */
const CONCURRENCY = { concurrentJobs: 24, maxPoolSize: 25 };
const BATCHING = { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 };

const quiet = new Logger(() => () => undefined);

/** Empty jobs a second, all of them added before the worker starts. */
export async function graphileWorker(
  { url, admin }: { url: string; admin: Database },
  { jobs, batching }: { jobs: number; batching: boolean },
): Promise<number> {
  const events = new EventEmitter() as WorkerEvents;
  const worker = { connectionString: url, logger: quiet, events, ...CONCURRENCY, ...(batching && BATCHING) };
  const options = { preset: { worker }, noHandleSignals: true };
  await runMigrations(options);
  await admin.query({
    text: `select count(*) from graphile_worker.add_jobs(array(
             select ('empty', '{}', null, null, null, null, null, null)::graphile_worker.job_spec
             from generate_series(1, $1)))`,
    values: [jobs],
  });
  await admin.query({ text: 'analyze graphile_worker._private_jobs' });
  let done = 0;
  events.on('job:success', () => (done += 1));
  // What comes before is connecting, and looking whether its schema is up to date.
  const created = once(events, 'pool:create').then(() => performance.now());
  const runner = await run(options, { empty: () => undefined });
  // It lets go of a job before the job's row is gone.
  const isDone = async () =>
    done === jobs &&
    (await admin.query({ text: 'select from graphile_worker._private_jobs limit 1' })).length === 0;
  await waitFor(isDone, { what: "graphile-worker's last job", timeoutMs: 120_000, intervalMs: 2 });
  const seconds = (performance.now() - (await created)) / 1_000;
  await runner.stop();
  return jobs / seconds;
}
