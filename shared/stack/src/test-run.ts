import { renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { endAbandonedRuns, Run } from './runs.ts';
import {
  decideTestInfrastructure,
  startTestInfrastructure,
  type StartedInfrastructure,
  type TestInfrastructure,
} from './test-infrastructure.ts';

/** Name of the variable that leads tests to the record of their run. */
export const TEST_RUN_VARIABLE = 'PAYFAN_TEST_RUN';

/** What tests find in the run's folder as soon as it is known. */
export type InfrastructureFile = { infrastructure: TestInfrastructure } | { error: string };

export const infrastructureFile = (runFolder: string): string => path.join(runFolder, 'infrastructure.json');

interface TestRun {
  run: Run;
  started: Promise<StartedInfrastructure | undefined>;
  unlisten: () => void;
}

let current: TestRun | undefined;

/**
 * Jest's global set-up. The servers start in the background: unit tests don't wait for them, and
 * integration tests wait where they ask for a database or a vhost. If the servers cannot be had, it
 * is those tests that fail, each with the reason.
 */
export async function beginTestRun(): Promise<void> {
  await endAbandonedRuns();
  const choice = await decideTestInfrastructure();
  const { run, unlisten } = beginRun('test');
  const where = choice === 'docker' ? 'in containers (Docker answers)' : 'as processes of its own (native)';
  process.stderr.write(`Postgres and RabbitMQ for these tests run ${where}.\n`);

  const started = startTestInfrastructure(choice, run).then(
    (begun) => {
      tell(run, { infrastructure: begun.infrastructure });
      return begun;
    },
    (error: unknown) => {
      tell(run, { error: error instanceof Error ? error.message : String(error) });
      return undefined;
    },
  );
  current = { run, started, unlisten };
}

/** Opens the record of a run, whose processes end with this one, however that ends. */
function beginRun(command: string): { run: Run; unlisten: () => void } {
  const run = Run.begin(command);
  process.env[TEST_RUN_VARIABLE] = run.folder;
  // Jest ends at Ctrl-C without its tear-down, so this must also hold on the way out.
  const onExit = () => run.end();
  const onSignal = (signal: NodeJS.Signals) => process.exit(signal === 'SIGINT' ? 130 : 143);
  process.once('exit', onExit);
  // It may come twice, from the terminal and from npm: without a listener the second would end us
  // in the middle of this.
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const unlisten = () => {
    process.off('exit', onExit);
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  };
  return { run, unlisten };
}

/** Lets `work` start servers and programs as tests do, and ends whatever it leaves running. */
export async function withRun<T>(command: string, work: () => Promise<T>): Promise<T> {
  await endAbandonedRuns();
  const { run, unlisten } = beginRun(command);
  try {
    return await work();
  } finally {
    run.end();
    unlisten();
  }
}

/** Jest's global tear-down: ends the servers, and every program that a test forgot. */
export async function endTestRun(): Promise<void> {
  if (current === undefined) return;
  const { run, started, unlisten } = current;
  current = undefined;
  await (await started)?.stop();
  run.end();
  unlisten();
}

function tell(run: Run, content: InfrastructureFile): void {
  const file = infrastructureFile(run.folder);
  writeFileSync(`${file}.new`, JSON.stringify(content));
  renameSync(`${file}.new`, file);
}
