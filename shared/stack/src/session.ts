import { chmodSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Place } from './infrastructure.ts';
import { payfanFolder, persistentState, throwAwayState } from './paths.ts';
import type { Progress } from './progress.ts';
import { removeContainer } from './rabbitmq-docker.ts';
import { endAbandonedRuns, Run } from './runs.ts';
import { Stack, type StackOptions } from './stack.ts';
import type { StackDescription } from './stack-file.ts';

export interface SessionOptions extends Pick<StackOptions, 'progress' | 'onChange' | 'copies' | 'later'> {
  command: string;
  /** True for data that is gone at the end. */
  throwAway: boolean;
  /** False where nobody but the command itself uses the stack. */
  usualPorts: boolean;
}

/** Exit code of a program that Ctrl-C ended (128 + SIGINT), as shells have it. */
export const INTERRUPTED = 130;

/** A signal through npm may reach us twice, from the terminal and from npm: within this it is one. */
const SAME_SIGNAL_MS = 1_000;

/** Runs the stack around `work`, and stops everything it started, however `work` or the person ends it. */
export async function withStack(
  options: SessionOptions,
  work: (
    description: StackDescription,
    interrupted: AbortSignal,
    around: { place: Place; stack: Stack },
  ) => Promise<number>,
): Promise<number> {
  await clearUpAfterOthers(options.progress);
  const run = Run.begin(options.command);
  // For whatever we did not foresee: nothing that this run started may outlive it.
  process.once('exit', () => run.end());
  const place = findPlace(run, options);
  const stack = new Stack({
    place,
    secretsFolder: persistentState(),
    progress: options.progress,
    copies: options.copies ?? {},
    later: options.later ?? [],
    ...(options.onChange === undefined ? {} : { onChange: options.onChange }),
  });
  const interrupted = listenForSignals(options.progress);
  const interruption = new Promise<typeof INTERRUPTED>((resolve) => {
    interrupted.addEventListener('abort', () => resolve(INTERRUPTED));
  });
  try {
    return await Promise.race([
      stack.start().then((description) => work(description, interrupted, { place, stack })),
      interruption,
    ]);
  } finally {
    await stack.stop();
    run.end();
  }
}

/** Ends what earlier runs left behind whose supervisor was killed. */
export async function clearUpAfterOthers(progress: Progress): Promise<void> {
  for (const { command, processes, containers } of await endAbandonedRuns()) {
    for (const container of containers) await removeContainer(container);
    if (processes > 0)
      progress.line(`Ended ${processes} processes that a killed \`${command}\` had left behind`);
  }
}

function findPlace(run: Run, { throwAway, usualPorts }: SessionOptions): Place {
  if (throwAway) {
    const state = throwAwayState();
    run.throwAway(state);
    return { state, logs: path.join(state, 'logs'), throwAway, usualPorts, run };
  }
  const state = persistentState();
  mkdirSync(state, { recursive: true });
  chmodSync(state, 0o755);
  return { state, logs: path.join(payfanFolder, 'logs'), throwAway, usualPorts, run };
}

/** Aborted at the first SIGINT, SIGTERM or SIGHUP. A second one ends everything at once. */
function listenForSignals(progress: Progress): AbortSignal {
  const first = new AbortController();
  let firstMs: number | undefined;
  const onSignal = () => {
    if (firstMs === undefined) {
      firstMs = performance.now();
      progress.line('Stopping (again to end at once) …');
      first.abort();
    } else if (performance.now() - firstMs > SAME_SIGNAL_MS) {
      process.exit(INTERRUPTED); // its `exit` handler kills what is left
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  return first.signal;
}
