import pino from 'pino';
import pretty from 'pino-pretty';
import { currentContext, traceIdOf } from './context.ts';
import { redact } from './redact.ts';
import type { LogLevel } from './config.ts';

export type Logger = pino.Logger;

export interface LoggerOptions {
  readonly service: string;
  readonly level: LogLevel;
  /** Where lines go; standard output unless a test listens. */
  readonly destination?: pino.DestinationStream;
}

/** Lines that tell of trouble are written at once, and all before them. */
const AT_ONCE_FROM_LEVEL = pino.levels.values['warn'] ?? 0;
/** Others gather this long, or until there are so many: under load a system call for each would be most of its cost. */
const GATHER_MS = 50;
const GATHER_BYTES = 8_192;

/**
 * One JSON object per line (`level`, `time`, `service`, `msg`, …), readable text instead when standard output
 * is a terminal. Everything that is logged passes `redact`: a caller cannot leak by forgetting.
 *
 * Lines gather for a moment, except those of warnings and worse, so that the last words before a crash are not
 * lost: those are written before the call returns, with all that came before.
 */
export function createLogger({ service, level, destination = standardOutput() }: LoggerOptions): Logger {
  const logger = pino(
    {
      level,
      base: { service },
      timestamp: isoTime(),
      mixin: contextFields,
      mixinMergeStrategy: (line, context) => (context === NO_CONTEXT ? line : Object.assign(context, line)),
      formatters: { level: (label) => ({ level: label }) },
      // Redaction has made a plain object of it already; pino's own serializer would lose its type.
      serializers: { err: (error: unknown) => error },
      hooks: {
        logMethod(args, method, level) {
          method.apply(this, cleanArguments(args));
          if (level >= AT_ONCE_FROM_LEVEL) flush(destination);
        },
      },
    },
    destination,
  );
  return redactChildBindings(logger);
}

/** pino runs no hook over the bindings of children. Children inherit this method, so theirs are covered too. */
function redactChildBindings(logger: Logger): Logger {
  const child: unknown = Reflect.get(logger, 'child');
  const makeChild = child as (this: Logger, bindings: object, options?: object) => Logger;
  return Object.assign(logger, {
    child(this: Logger, bindings: object, options?: object) {
      return makeChild.call(this, redact(bindings) as object, options);
    },
  });
}

/** A test's own destination does without `flush`. */
type FlushableStream = pino.DestinationStream & { flush?: () => void };

let output: FlushableStream | undefined;

/** One for all loggers of a process. */
function standardOutput(): FlushableStream {
  output ??= openStandardOutput();
  return output;
}

function openStandardOutput(): FlushableStream {
  // pino-pretty looks at NO_COLOR itself.
  if (process.stdout.isTTY) {
    return pretty({
      sync: true,
      ignore: 'service',
      messageFormat: '{service}: {msg}',
      translateTime: 'SYS:HH:MM:ss.l',
    });
  }
  const gathering = pino.destination({ dest: 1, sync: true, minLength: GATHER_BYTES });
  process.on('exit', () => gathering.flushSync());
  let timer: NodeJS.Timeout | undefined;
  // Not `flushSync`, which also waits for the disk where the output is a file.
  const writeOut = () => {
    clearTimeout(timer);
    timer = undefined;
    gathering.flush();
  };
  return {
    write(line) {
      gathering.write(line);
      // Begun by a line and not ticking for ever: a process that says nothing is not woken.
      timer ??= setTimeout(writeOut, GATHER_MS).unref();
    },
    flush: writeOut,
  };
}

function flush(destination: FlushableStream): void {
  destination.flush?.();
}

/** As pino's own, `,"time":"2026-01-31T12:00:00.000Z"`, but made once for all lines of a millisecond. */
function isoTime(): () => string {
  let ofMs = Number.NaN;
  let text = '';
  return () => {
    const nowMs = Date.now();
    if (nowMs !== ofMs) {
      ofMs = nowMs;
      text = `,"time":"${new Date(nowMs).toISOString()}"`;
    }
    return text;
  };
}

const NO_CONTEXT = Object.freeze({});

function contextFields(): object {
  const context = currentContext();
  if (context === undefined) return NO_CONTEXT;
  return {
    correlationId: context.correlationId,
    ...(context.requestId === undefined ? {} : { requestId: context.requestId }),
    traceId: traceIdOf(context.traceparent),
  };
}

type LogArguments = Parameters<pino.LogFn>;

/** Also gives an error without words its own message as `msg`, as pino would, but redacted. */
function cleanArguments(args: LogArguments): LogArguments {
  const [first, ...rest] = args as unknown[];
  const clean = rest.map(redact);
  if (!(first instanceof Error)) return [redact(first), ...clean] as LogArguments;
  return [{ err: redact(first) }, ...(clean.length === 0 ? [redact(first.message)] : clean)] as LogArguments;
}
