import { randomUUID } from 'node:crypto';
import { Histogram } from 'prom-client';
import { isSafeId, isTraceparent, newTraceparent, runInContext } from '../context.ts';
import type { Context } from '../context.ts';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import type { Caller } from '../auth.ts';
import type { Logger } from '../logger.ts';
import { clientAddress } from './client-address.ts';
import { unauthenticatedCounter } from './unauthenticated.ts';

/** What is known about one request and its answer beyond what Node keeps. */
export interface Exchange {
  readonly caller: Caller;
  readonly context: Context & { readonly requestId: string };
  /** Pattern of the route that took it. */
  route: string | undefined;
  /** Methods that its path would have taken, when its own is not among them. */
  allowed: Set<string> | undefined;
  /** Stable code of the problem it was answered with. */
  code: string | undefined;
  /** What went wrong on our side; told in the log line only. */
  error: unknown;
}

const EXCHANGE = Symbol('exchange');
interface ResponseOfExchange extends ServerResponse {
  [EXCHANGE]?: Exchange;
}

export function exchangeOf(response: ServerResponse): Exchange {
  const { [EXCHANGE]: exchange } = response as ResponseOfExchange;
  if (exchange === undefined)
    throw new Error('This response did not come through the api: give api.handler to the server');
  return exchange;
}

/** Asked every few seconds by machines: neither logged nor measured, and answered without a context. */
export const PROBE_PATHS: ReadonlySet<string> = new Set(['/livez', '/readyz', '/metrics']);

const DURATION_METRIC = 'http_request_duration_seconds';
const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Several APIs in one process (tests, mostly) share a registry's histogram. */
function durationHistogram(registry: Registry): Histogram<'method' | 'route' | 'status'> {
  const existing = registry.getSingleMetric(DURATION_METRIC);
  if (existing instanceof Histogram) return existing;
  return new Histogram({
    name: DURATION_METRIC,
    help: 'From the arrival of a request to the end of its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS_SECONDS,
    registers: [registry],
  });
}

/** Gives a request its ids, and writes one line and one measurement when it is over. */
export function exchangeBeginner({
  logger,
  metrics,
  trustedProxies,
}: {
  logger: Logger;
  metrics: Registry;
  /** Proxies of ours in front, each of which appends to `X-Forwarded-For`. */
  trustedProxies: number;
}) {
  const durations = durationHistogram(metrics);
  const unauthenticated = unauthenticatedCounter(metrics);

  return (request: IncomingMessage, response: ServerResponse): Exchange => {
    const startedAt = performance.now();
    const exchange: Exchange = {
      context: contextOf(request.headers),
      caller: { address: clientAddress(request, trustedProxies), headers: request.headers },
      route: undefined,
      allowed: undefined,
      code: undefined,
      error: undefined,
    };
    (response as ResponseOfExchange)[EXCHANGE] = exchange;

    response.once('close', () => {
      const route = exchange.route ?? routeOf(request);
      if (route === undefined) return;
      const seconds = (performance.now() - startedAt) / 1_000;
      const method = request.method ?? 'unknown';
      const status = statusOf(response);
      durations.observe({ method, route, status }, seconds);
      if (status === 401) unauthenticated.inc();
      runInContext(exchange.context, () => logLine(logger, method, route, status, seconds * 1_000, exchange));
    });
    return exchange;
  };
}

function contextOf(headers: IncomingHttpHeaders): Exchange['context'] {
  const requestId = safeId(headers['x-request-id']) ?? randomUUID();
  const { traceparent } = headers;
  return {
    requestId,
    correlationId: safeId(headers['x-correlation-id']) ?? requestId,
    traceparent:
      typeof traceparent === 'string' && isTraceparent(traceparent) ? traceparent : newTraceparent(),
  };
}

const safeId = (value: string | string[] | undefined): string | undefined =>
  typeof value === 'string' && isSafeId(value) ? value : undefined;

/**
 * A pattern, never the path itself: paths hold ids, and a label per id would grow the metrics for ever.
 * Undefined for a probe.
 */
function routeOf(request: IncomingMessage & { path?: unknown; route?: unknown }): string | undefined {
  if (typeof request.path === 'string' && PROBE_PATHS.has(request.path)) return undefined;
  const { route } = request;
  if (typeof route !== 'object' || route === null || !('path' in route)) return 'unmatched';
  return String(route.path);
}

/** 499, as nginx has it, when the client left before the answer was complete. */
function statusOf(response: ServerResponse): number {
  return response.writableFinished ? response.statusCode : 499;
}

function logLine(
  logger: Logger,
  method: string,
  route: string,
  status: number,
  ms: number,
  exchange: Exchange,
): void {
  const isWarning = status === 503 || status === 401;
  const level = status >= 500 && status !== 503 ? 'error' : isWarning ? 'warn' : 'info';
  logger[level](
    {
      method,
      route,
      status,
      ...(status === 401 ? { clientIp: exchange.caller.address } : {}),
      ms: Math.round(ms * 10) / 10,
      ...(exchange.code === undefined ? {} : { code: exchange.code }),
      ...(exchange.error === undefined ? {} : { err: exchange.error }),
    },
    `${method} ${route} ${status}`,
  );
}
