import type { Traffic, Transport } from '@payfan/live-client';

/** How long the chart looks back. */
export const WINDOW_MS = 120_000;
/** Of freshness: enough for a p99, and few enough to sort each second. */
const MOST_SAMPLES = 2_000;

/** The cost of a transport at a moment. */
interface Cost {
  atMs: number;
  requests: number;
  bytes: number;
}

/** How late an event was told. */
interface Sample {
  atMs: number;
  lateMs: number;
}

/** What was measured of one transport. */
export interface Measured {
  requests: number;
  bytes: number;
  events: number;
  /** The oldest first. */
  samples: readonly Sample[];
  /** The oldest first. */
  costs: readonly Cost[];
}

export type MeasuredByTransport = Readonly<Record<Transport, Measured>>;

const NOTHING: Measured = { requests: 0, bytes: 0, events: 0, samples: [], costs: [] };
export const NOTHING_MEASURED: MeasuredByTransport = { websocket: NOTHING, sse: NOTHING, polling: NOTHING };

/** An event came. Clocks that differ a little must not make it come before it happened. */
export function withArrival(measured: Measured, { time }: { time: string }, nowMs: number): Measured {
  const lateMs = Math.max(0, nowMs - Date.parse(time));
  return {
    ...measured,
    events: measured.events + 1,
    samples: [...measured.samples, { atMs: nowMs, lateMs }].slice(-MOST_SAMPLES),
  };
}

/** The cost was read. */
export function withTraffic(measured: Measured, traffic: Traffic, nowMs: number): Measured {
  const { requests } = traffic;
  const bytes = traffic.sentBytes + traffic.receivedBytes;
  const costs = measured.costs.filter(({ atMs }) => atMs >= nowMs - WINDOW_MS);
  return { ...measured, requests, bytes, costs: [...costs, { atMs: nowMs, requests, bytes }] };
}

/** The smallest value that this share of all are not above (nearest rank); undefined of none. */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}
