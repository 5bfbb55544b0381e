import type { OutboxStatus } from '@payfan/contracts';
import type { Logger } from '@payfan/service';

const TIMEOUT_MS = 3_000;

/**
 * What the transaction service's metrics say of its outbox. It is the same from every instance, as all of
 * them read one table. Nulls where the service, or its database, does not answer.
 */
export async function readOutbox(transactionUrl: string, logger: Logger): Promise<OutboxStatus> {
  try {
    const url = new URL('/metrics', transactionUrl);
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const metrics = await response.text();
    if (!response.ok) throw new Error(`GET ${url.href} answered ${response.status}`);
    return outboxOf(metrics);
  } catch (error) {
    logger.warn({ err: error }, 'the outbox is not known: the transaction service does not tell');
    return { waiting: null, oldestAgeSeconds: null };
  }
}

/** Reads Prometheus' text format. A value of -1, or none, is not known. */
export function outboxOf(metrics: string): OutboxStatus {
  const gauge = (name: string) => {
    const value = new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'm').exec(metrics)?.[1];
    const number = Number(value ?? -1);
    return number >= 0 ? number : null;
  };
  return { waiting: gauge('outbox_waiting'), oldestAgeSeconds: gauge('outbox_oldest_age_seconds') };
}
