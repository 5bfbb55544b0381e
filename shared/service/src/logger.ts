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

/**
 * One JSON object per line (`level`, `time`, `service`, `msg`, …), readable text instead when standard output
 * is a terminal. Everything that is logged passes `redact`: a caller cannot leak by forgetting.
 *
 * Lines are written synchronously, so that the last words before a crash are not lost.
 */
export function createLogger({ service, level, destination = standardOutput() }: LoggerOptions): Logger {
  const logger = pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      mixin: contextFields,
      formatters: { level: (label) => ({ level: label }) },
      // Redaction has made a plain object of it already; pino's own serializer would lose its type.
      serializers: { err: (error: unknown) => error },
      hooks: {
        logMethod(args, method) {
          method.apply(this, cleanArguments(args));
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

function standardOutput(): pino.DestinationStream {
  // pino-pretty looks at NO_COLOR itself.
  return process.stdout.isTTY
    ? pretty({
        sync: true,
        ignore: 'service',
        messageFormat: '{service}: {msg}',
        translateTime: 'SYS:HH:MM:ss.l',
      })
    : pino.destination({ dest: 1, sync: true });
}

function contextFields(): object {
  const context = currentContext();
  if (context === undefined) return {};
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
