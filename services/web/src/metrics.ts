import { hash, timingSafeEqual } from 'node:crypto';
import { Counter, Registry, collectDefaultMetrics } from 'prom-client';

/** Next bundles each route by itself, so what they share must be kept where all of them see it. */
const KEY = Symbol.for('payfan.web.metrics');
interface Metrics {
  registry: Registry;
  pages: Counter<'page'>;
  sessions: Counter<'event'>;
}
const shared = globalThis as unknown as Record<symbol, Metrics | undefined>;

function metrics(): Metrics {
  return (shared[KEY] ??= createMetrics());
}

function createMetrics(): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service: 'web' });
  // As in every service (shared/service/src/metrics.ts, which the pages are built without).
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  const registers = [registry];
  return {
    registry,
    pages: new Counter({
      name: 'payfan_web_pages_total',
      help: 'Pages that were asked for',
      labelNames: ['page'],
      registers,
    }),
    sessions: new Counter({
      name: 'payfan_web_sessions_total',
      help: 'What became of keys and sessions: opened, refused, renewed, ended, unavailable',
      labelNames: ['event'],
      registers,
    }),
  };
}

const PAGES = new Set(['/', '/compare', '/payouts', '/operations']);

/** By our own names alone: anybody may ask for anything. */
export function countPage(path: string): void {
  metrics().pages.inc({ page: PAGES.has(path) ? path : 'other' });
}

export type SessionEvent = 'opened' | 'refused' | 'renewed' | 'ended' | 'unavailable';
export function countSession(event: SessionEvent): void {
  metrics().sessions.inc({ event });
}

/** Answers `/metrics`; where a token is set, to readers that send it alone. */
export async function answerMetrics(request: Request, metricsToken: string | undefined): Promise<Response> {
  if (metricsToken !== undefined && !sends(request, metricsToken)) {
    const body = { type: 'urn:payfan:problem:unauthenticated', title: 'Unauthenticated', status: 401 };
    return Response.json(
      { ...body, code: 'unauthenticated', detail: 'Send the METRICS_TOKEN: Authorization: Bearer <token>.' },
      { status: 401, headers: { 'content-type': 'application/problem+json', 'www-authenticate': 'Bearer' } },
    );
  }
  const { registry } = metrics();
  return new Response(await registry.metrics(), { headers: { 'content-type': registry.contentType } });
}

/** Compares hashes, so that neither the time nor the length tells how much of a guess was right. */
function sends(request: Request, metricsToken: string): boolean {
  const sent = /^bearer +(\S+) *$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? '';
  return timingSafeEqual(hash('sha256', sent, 'buffer'), hash('sha256', metricsToken, 'buffer'));
}
