import { fetchRepeatable } from '@payfan/messaging/management';
import { endpoint, fetchWithin, LARGE_ANSWER_BYTES, Problem, readJson } from '@payfan/service';
import { z } from 'zod';
import type { QueueCounts } from './queues.ts';

const TIMEOUT_MS = 5_000;

/** Where RabbitMQ's management API is. */
export interface ManagementOptions {
  /** With user and password. */
  url: string;
  vhost: string;
}

const COLUMNS = [
  'name',
  'messages_ready',
  'messages_unacknowledged',
  'consumers',
  'message_stats.publish_details.rate',
  'message_stats.deliver_get_details.rate',
];

/** Absent while nothing has passed. */
const Rate = z.object({ rate: z.number() }).optional();
/** Absent during the first seconds of a queue, and at a broker that denies `management_metrics_collection`. */
const Count = z.int().optional();
const Queues = z.array(
  z.object({
    name: z.string(),
    messages_ready: Count,
    messages_unacknowledged: Count,
    consumers: Count,
    message_stats: z.object({ publish_details: Rate, deliver_get_details: Rate }).optional(),
  }),
);

/**
 * Every queue of the vhost by its name, as the broker last counted it: its statistics are up to 5 s old.
 * Rejects with a 503 problem that says whether the API is away, refuses us, or knows no such vhost.
 */
export async function countQueues({ url, vhost }: ManagementOptions): Promise<Map<string, QueueCounts>> {
  const { href, authorization } = withCredentials(url, `api/queues/${encodeURIComponent(vhost)}`);
  try {
    const request = { headers: { authorization }, timeoutMs: TIMEOUT_MS, send: fetchRepeatable };
    const queues = await fetchWithin(`${href}?columns=${COLUMNS.join(',')}`, request, async (response) => {
      if (response.ok) return Queues.parse(await readJson(response, LARGE_ANSWER_BYTES));
      throw unavailable(
        refusal(response.status, vhost),
        new Error(`GET ${href} answered ${response.status}`),
      );
    });
    return new Map(queues.map((queue) => [queue.name, countsOf(queue)]));
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw unavailable("RabbitMQ's management API does not answer as it should at the moment.", error);
  }
}

function countsOf(queue: z.output<typeof Queues>[number]): QueueCounts {
  const { messages_ready: ready, messages_unacknowledged: unacked, consumers, message_stats: passed } = queue;
  // A broker that counts leaves out the rates of a queue through which nothing has passed.
  const noRate = ready === undefined ? null : 0;
  return {
    ready: ready ?? null,
    unacked: unacked ?? null,
    consumers: consumers ?? null,
    publishRate: passed?.publish_details?.rate ?? noRate,
    deliverRate: passed?.deliver_get_details?.rate ?? noRate,
  };
}

/** fetch takes no password in a URL, so it goes into a header. */
function withCredentials(base: string, path: string): { href: string; authorization: string } {
  const url = endpoint(base, path);
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = '';
  url.password = '';
  return { href: url.href, authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
}

function refusal(status: number, vhost: string): string {
  if (status === 401 || status === 403) {
    return `RabbitMQ's management API refuses the user of RABBITMQ_MANAGEMENT_URL: it needs the tag monitoring, and access to the vhost ${vhost}.`;
  }
  if (status === 404) return `RabbitMQ knows no vhost ${vhost}: see RABBITMQ_VHOST.`;
  return `RabbitMQ's management API answered ${status}.`;
}

function unavailable(detail: string, cause: unknown): Problem {
  return new Problem({ status: 503, code: 'broker_unavailable', detail, retryAfterSeconds: 2, cause });
}
