import { ConfigError } from './config.ts';
import { createLogger } from './logger.ts';
import type { Health } from './health.ts';
import type { Logger } from './logger.ts';

/** Something that runs. `stop()` waits until it has stopped, and may be called twice, before `start()`, or during it. */
export interface Part {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface RunOptions {
  readonly logger: Logger;
  readonly health: Health;
  /** In the order of starting: what others need comes first, and is stopped last. */
  readonly parts: readonly Part[];
  /** How long stopping may take altogether. */
  readonly graceMs?: number;
}

/**
 * Starts `parts` in order and resolves when all have started. From then on the process belongs to signals:
 * SIGTERM or SIGINT makes it not ready, stops the parts in reverse and exits 0. It exits 1 if a part
 * fails to start or to stop, if stopping takes longer than `graceMs`, or after an error that nobody caught.
 */
export async function runParts(options: RunOptions): Promise<void> {
  const { logger, parts } = options;
  const shutdown = createShutdown(options);
  exitOnUncaught(logger);
  logProcessWarnings(logger);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // A second signal changes nothing about the stop under way.
      if (shutdown.begun()) return;
      logger.info({ signal }, 'stopping');
      void shutdown.begin(0);
    });
  }

  for (const part of parts) {
    if (shutdown.begun()) return;
    try {
      await part.start();
    } catch (error) {
      // A start that was cut short by a signal may well fail, and that is no failure.
      if (shutdown.begun()) return;
      logger.fatal({ err: error, part: part.name }, `${part.name} failed to start`);
      await shutdown.begin(1);
      return;
    }
  }
  if (!shutdown.begun()) logger.info({ parts: parts.map((part) => part.name) }, 'started');
}

interface Shutdown {
  begun(): boolean;
  /** Stops everything, then exits with this code, or with 1 if something did not stop as it should. */
  begin(exitCode: 0 | 1): Promise<void>;
}

function createShutdown({ logger, health, parts, graceMs = 10_000 }: RunOptions): Shutdown {
  let begun = false;
  let stoppingNow = '';

  const giveUp = () => {
    logger.fatal(
      { part: stoppingNow, graceMs },
      `${stoppingNow} has not stopped within ${graceMs} ms: exiting`,
    );
    process.exit(1);
  };

  return {
    begun: () => begun,
    async begin(exitCode) {
      begun = true;
      health.drain();
      setTimeout(giveUp, graceMs);
      let code = exitCode;
      for (const part of [...parts].reverse()) {
        stoppingNow = part.name;
        try {
          await part.stop();
        } catch (error) {
          logger.error({ err: error, part: part.name }, `${part.name} failed to stop`);
          code = 1;
        }
      }
      logger.info('stopped');
      process.exit(code);
    },
  };
}

/** After an error that nobody caught the program's state is unknown; only a fresh process is sure to be right. */
function exitOnUncaught(logger: Logger): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      logger.fatal({ err: error }, `${event}: exiting`);
      process.exit(1);
    });
  }
}

/** Node prints warnings as text, which is no line of a JSON log: they go through the logger instead. */
function logProcessWarnings(logger: Logger): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => logger.warn({ err: warning }, 'process warning'));
}

/** Runs a program's `main`. A ConfigError is for whoever set the variables: its sentence alone, and exit 2. */
export function main(program: () => Promise<void>): void {
  // Used until the program has a logger with its own name.
  const logger = createLogger({ service: 'main', level: 'info' });
  logProcessWarnings(logger);
  program().catch((error: unknown) => {
    if (error instanceof ConfigError) {
      process.stderr.write(`${error.message}\n`);
      process.exit(2);
    }
    logger.fatal({ err: error }, 'failed to start');
    process.exit(1);
  });
}
