import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

/** What a line of work belongs to. It follows the work through awaits, and from service to service by headers. */
export interface Context {
  /** Constant over everything that one outside request sets off, across services and queues. */
  readonly correlationId: string;
  /** The HTTP request being answered, if there is one. */
  readonly requestId?: string;
  /** W3C Trace Context header value. */
  readonly traceparent: string;
}

const storage = new AsyncLocalStorage<Context>();

/** Runs `fn`, and whatever it awaits, with `context` as the current one. */
export function runInContext<T>(context: Context, fn: () => T): T {
  return storage.run(context, fn);
}

export function currentContext(): Context | undefined {
  return storage.getStore();
}

/** Headers by which a request to another service belongs to the correlation and the trace of the current one. */
export function contextHeaders(): Record<string, string> {
  const context = currentContext();
  if (context === undefined) return {};
  return { 'x-correlation-id': context.correlationId, traceparent: context.traceparent };
}

/**
 * A new trace, sampled: `00-<32 hex>-<16 hex>-01`. Made of UUIDs, since those come from a pool of random bytes
 * and not from a call each; the few bits that are the same in all of them are not among the 56 that must be
 * random (W3C Trace Context Level 2, 3.2.2.3).
 */
export function newTraceparent(): string {
  const trace = randomUUID();
  const span = randomUUID();
  return `00-${trace.replaceAll('-', '')}-${span.slice(24)}${span.slice(9, 13)}-01`;
}

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Whether a header's value may be taken over as it is (W3C Trace Context, 3.2.2). */
export function isTraceparent(value: string | undefined): value is string {
  return value !== undefined && TRACEPARENT.test(value);
}

/** The trace id inside a valid traceparent: 32 hex digits. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}

const SAFE_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Whether an id from outside may go into logs and headers as it is. */
export function isSafeId(value: string | undefined): value is string {
  return value !== undefined && SAFE_ID.test(value);
}
