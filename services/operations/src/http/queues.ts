import { QueueList } from '@payfan/contracts';
import type { Api } from '@payfan/service';
import type { ChannelUrls } from '../channels.ts';
import { countQueues, type ManagementOptions } from '../management-client.ts';
import { readLanes, readOutbox, type MetricsReader } from '../metrics-client.ts';
import { ourQueues, statusOf } from '../queues.ts';
import { assertOperator } from './operator.ts';

export interface QueueRoutesOptions extends MetricsReader {
  management: ManagementOptions;
  transactionUrl: string;
  /** Whose queues are ours. */
  channels: ChannelUrls;
}

/** What waits, and where. */
export function queueRoutes(
  api: Api,
  { management, transactionUrl, channels, ...reader }: QueueRoutesOptions,
): void {
  const queues = ourQueues(channels.keys());
  api.route(
    {
      method: 'get',
      path: '/v1/queues',
      summary: 'What waits: in the outbox, and in each queue',
      description:
        "The queues are as RabbitMQ's management API last counted them, which may be up to 5 s ago; rates are " +
        'over its last few seconds. The outbox is counted now.',
      auth: 'required',
      responses: { 200: { description: 'Every queue of every channel, and of payouts', schema: QueueList } },
      problems: [
        { status: 403, code: 'forbidden' },
        { status: 503, code: 'broker_unavailable' },
      ],
    },
    async ({ principal }) => {
      assertOperator(principal);
      const [counts, outbox, lanes] = await Promise.all([
        countQueues(management),
        readOutbox(transactionUrl, reader),
        readLanes(channels, reader),
      ]);
      return { status: 200, body: { ...statusOf(queues, counts, lanes, Date.now()), outbox } };
    },
  );
}
