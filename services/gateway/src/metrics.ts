import { unauthenticatedCounter } from '@payfan/service';
import { Counter, Gauge, type Registry } from 'prom-client';

/** What a gateway counts. Gauges of what there is now are read when they are asked for. */
export function createGatewayMetrics(registry: Registry) {
  const registers = [registry];
  return {
    received: new Counter({
      name: 'gateway_live_messages_total',
      help: 'Messages from the broker: wanted, nobody (without a follower here), malformed, or misplaced (dropped, as they came by the wrong exchange)',
      labelNames: ['what'],
      registers,
    }),
    delivered: new Counter({
      name: 'gateway_events_delivered_total',
      help: 'Events written to clients, by the kind of their connection',
      labelNames: ['kind'],
      registers,
    }),
    begun: new Counter({
      name: 'gateway_subscriptions_begun_total',
      help: 'Subscriptions by how they began: new, resumed, history_gone or failed',
      labelNames: ['how'],
      registers,
    }),
    filled: new Counter({
      name: 'gateway_gap_events_total',
      help: 'Events that live messages had not told, and the log did',
      registers,
    }),
    audited: new Counter({
      name: 'gateway_audits_total',
      help: 'Topics compared with the log: level, or behind (live messages were lost)',
      labelNames: ['found'],
      registers,
    }),
    broken: new Counter({
      name: 'gateway_logs_broken_total',
      help: 'Logs that were no continuation of what had been told: everybody had to begin anew',
      registers,
    }),
    reads: new Counter({
      name: 'gateway_log_reads_total',
      help: 'Requests to push for parts of the log',
      labelNames: ['outcome'],
      registers,
    }),
    published: new Counter({
      name: 'gateway_publishes_total',
      help: 'Events that clients published',
      labelNames: ['outcome'],
      registers,
    }),
    closed: new Counter({
      name: 'gateway_closes_total',
      help: 'Connections that the gateway ended, by close code and kind',
      labelNames: ['kind', 'code'],
      registers,
    }),
    unauthenticated: unauthenticatedCounter(registry),
    refused: new Counter({
      name: 'gateway_handshakes_refused_total',
      help: 'WebSocket handshakes that were refused, by reason',
      labelNames: ['why'],
      registers,
    }),
  };
}

/** Label of `begun`. */
export function howBegun({ historyGone }: { historyGone: boolean }, isResumed: boolean): string {
  if (historyGone) return 'history_gone';
  return isResumed ? 'resumed' : 'new';
}

export type GatewayMetrics = ReturnType<typeof createGatewayMetrics>;

/** Registers a gauge that is read when it is asked for. */
export function gauge(
  registry: Registry,
  { name, help, read }: { name: string; help: string; read: () => Record<string, number> | number },
): void {
  const labelled = typeof read() !== 'number';
  new Gauge({
    name,
    help,
    ...(labelled ? { labelNames: ['kind'] } : {}),
    registers: [registry],
    collect() {
      const now = read();
      if (typeof now === 'number') this.set(now);
      else for (const [kind, value] of Object.entries(now)) this.set({ kind }, value);
    },
  });
}
