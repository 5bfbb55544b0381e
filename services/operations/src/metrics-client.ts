import { LANES, laneQueue, type Lane, type OutboxStatus } from '@payfan/contracts';
import { fetchWithin, LARGE_ANSWER_BYTES, readText, type Logger } from '@payfan/service';
import type { ChannelUrls } from './channels.ts';
import type { LaneFigures } from './queues.ts';

const TIMEOUT_MS = 3_000;

export interface MetricsReader {
  /** The METRICS_TOKEN that all services share; undefined where none is set. */
  metricsToken?: string | undefined;
  logger: Logger;
}

/**
 * What the transaction service's metrics say of its outbox. It is the same from every instance, as all of
 * them read one table. Nulls where the service, or its database, does not answer.
 */
export async function readOutbox(transactionUrl: string, reader: MetricsReader): Promise<OutboxStatus> {
  return outboxOf(await readMetrics('transaction', transactionUrl, reader));
}

export function outboxOf(metrics: string): OutboxStatus {
  return {
    waiting: gaugeOf(metrics, 'outbox_waiting'),
    oldestAgeSeconds: gaugeOf(metrics, 'outbox_oldest_age_seconds'),
  };
}

/**
 * By lane queue, what its channel says of it. Of several instances one is asked: all of them take from the same head,
 * and meet the same providers.
 */
export async function readLanes(
  channels: ChannelUrls,
  reader: MetricsReader,
): Promise<Map<string, LaneFigures>> {
  const figures = await Promise.all(
    [...channels].map(async ([channel, url]) => {
      const metrics = await readMetrics(channel, url, reader);
      const ofLane = (name: string, lane: Lane) => gaugeOf(metrics, name, `lane="${lane}"`);
      return LANES.map((lane): [string, LaneFigures] => [
        laneQueue(channel, lane),
        {
          newestCommitSeconds: ofLane('lane_newest_taken_timestamp_seconds', lane),
          pausedSeconds: ofLane('lane_paused_seconds', lane),
        },
      ]);
    }),
  );
  return new Map(figures.flat());
}

/** In Prometheus' text format; nothing where a service does not answer as it should. */
async function readMetrics(
  service: string,
  baseUrl: string,
  { metricsToken, logger }: MetricsReader,
): Promise<string> {
  try {
    const url = new URL('/metrics', baseUrl);
    const headers: Record<string, string> =
      metricsToken === undefined ? {} : { authorization: `Bearer ${metricsToken}` };
    return await fetchWithin(url, { headers, timeoutMs: TIMEOUT_MS }, (response) => {
      if (!response.ok) throw new Error(`GET ${url.href} answered ${response.status}`);
      return readText(response, LARGE_ANSWER_BYTES);
    });
  } catch (error) {
    logger.warn({ service, err: error }, 'figures are left out: a service does not answer /metrics');
    return '';
  }
}

/** The first value of a name, and of a label if one is given. A value of -1, or none, is not known. */
function gaugeOf(metrics: string, name: string, label = ''): number | null {
  const sample = metrics
    .split('\n')
    .find((line) => (line.startsWith(`${name} `) || line.startsWith(`${name}{`)) && line.includes(label));
  const number = Number(sample?.slice(sample.lastIndexOf(' ')) ?? -1);
  return number >= 0 ? number : null;
}
