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

export async function renderMetrics(): Promise<Response> {
  const { registry } = metrics();
  return new Response(await registry.metrics(), { headers: { 'content-type': registry.contentType } });
}
