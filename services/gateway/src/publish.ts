import { LIVE_EXCHANGE, LIVE_HEADERS, shardKey, shardOf, type LiveEvent } from '@payfan/contracts';
import type { Broker } from '@payfan/messaging';
import { newId } from '@payfan/service';

/** Tells an event of a topic without a log to whoever follows it now, on any gateway. Resolves when the broker has it. */
export type Publish = (event: Pick<LiveEvent, 'topic' | 'type' | 'data'>) => Promise<void>;

export function publisher(broker: Pick<Broker, 'publish'>): Publish {
  return async ({ topic, type, data }) => {
    const id = newId();
    const event: LiveEvent = { t: 'event', topic, id, type, time: new Date().toISOString(), data };
    await broker.publish({
      exchange: LIVE_EXCHANGE,
      routingKey: shardKey(shardOf(topic)),
      messageId: id,
      contentType: 'application/json',
      headers: { [LIVE_HEADERS.topic]: topic },
      transient: true,
      body: Buffer.from(JSON.stringify(event)),
    });
  };
}
