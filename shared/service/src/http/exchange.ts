import { randomUUID } from 'node:crypto';
import { Histogram } from 'prom-client';
import { isSafeId, isTraceparent, newTraceparent, runInContext } from '../context.ts';
import type { Context } from '../context.ts';
import type { Request, RequestHandler, Response } from 'express';
import type { Registry } from 'prom-client';
import type { Logger } from '../logger.ts';

/** What is known about one request and its answer beyond what Express keeps. */
export interface Exchange {
  readonly context: Context & { readonly requestId: string };
  /** Pattern of the route that took it. */
  route: string | undefined;
  /** Methods that its path would have taken, when its own is not among them. */
  readonly allowed: Set<string>;
  /** Stable code of the problem it was answered with. */
  code: string | undefined;
  /** What went wrong on our side; told in the log line only. */
  error: unknown;
}

const exchanges = new WeakMap<Response, Exchange>();

export function exchangeOf(response: Response): Exchange {
  const exchange = exchanges.get(response);
  if (exchange === undefined)
    throw new Error('This response did not come through the api: give api.handler to the server');
  return exchange;
}

/** Asked every few seconds by machines: neither logged nor measured. */
const PROBE_PATHS: ReadonlySet<string> = new Set(['/livez', '/readyz', '/metrics']);

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

/** First middleware of all: gives the request its ids, and writes one line and one measurement when it is over. */
export function beginExchange({ logger, metrics }: { logger: Logger; metrics: Registry }): RequestHandler {
  const durations = durationHistogram(metrics);

  return (request, response, next) => {
    const startedAt = performance.now();
    const context = contextOf(request);
    const exchange: Exchange = {
      context,
      route: undefined,
      allowed: new Set(),
      code: undefined,
      error: undefined,
    };
    exchanges.set(response, exchange);
    response.setHeader('x-request-id', context.requestId);

    if (!PROBE_PATHS.has(request.path)) {
      response.once('close', () => {
        const seconds = (performance.now() - startedAt) / 1_000;
        const route = exchange.route ?? routeOf(request);
        const status = statusOf(response);
        durations.observe({ method: request.method, route, status }, seconds);
        runInContext(context, () =>
          logLine(logger, request.method, route, status, seconds * 1_000, exchange),
        );
      });
    }
    runInContext(context, next);
  };
}

function contextOf(request: Request): Exchange['context'] {
  const given = request.get('x-request-id');
  const requestId = isSafeId(given) ? given : randomUUID();
  const correlationId = request.get('x-correlation-id');
  const traceparent = request.get('traceparent');
  return {
    requestId,
    correlationId: isSafeId(correlationId) ? correlationId : requestId,
    traceparent: isTraceparent(traceparent) ? traceparent : newTraceparent(),
  };
}

/** A pattern, never the path itself: paths hold ids, and a label per id would grow the metrics for ever. */
function routeOf(request: Request): string {
  const route: unknown = request.route;
  if (typeof route !== 'object' || route === null || !('path' in route)) return 'unmatched';
  return String(route.path);
}

/** 499, as nginx has it, when the client left before the answer was complete. */
function statusOf(response: Response): number {
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
  const level = status >= 500 && status !== 503 ? 'error' : status === 503 ? 'warn' : 'info';
  logger[level](
    {
      method,
      route,
      status,
      ms: Math.round(ms * 10) / 10,
      ...(exchange.code === undefined ? {} : { code: exchange.code }),
      ...(exchange.error === undefined ? {} : { err: exchange.error }),
    },
    `${method} ${route} ${status}`,
  );
}
