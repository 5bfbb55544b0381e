import { liveMessageOf, type LiveEvent } from '@payfan/contracts';
import type { Broker } from '@payfan/messaging';
import { newId } from '@payfan/service';

/** Tells an event of a topic without a log to whoever follows it now, on any gateway. Resolves when the broker has it. */
export type Publish = (event: Pick<LiveEvent, 'topic' | 'type' | 'data'>) => Promise<void>;

export function publisher(broker: Pick<Broker, 'publish'>): Publish {
  return async ({ topic, type, data }) => {
    const time = new Date().toISOString();
    await broker.publish(liveMessageOf({ t: 'event', topic, id: newId(), type, time, data }));
  };
}
