import { waitFor } from '@payfan/stack/testing';
import type { Channel } from 'amqplib';
import type { Broker } from '../broker.ts';
import type { Connection } from '../connection.ts';
import { Consumer, type ConsumeOptions, type ConsumerPatience } from '../consumer.ts';
import type { World } from './world.ts';

export const QUEUE = 'inbox';

export const until = (what: string, condition: () => boolean) =>
  waitFor(() => Promise.resolve(condition()), { what });

/** A consumer of `inbox` that is started, and stopped at the end; `seen` are the bodies its handler got. */
export async function consumeIn(
  world: World,
  options: Partial<ConsumeOptions & ConsumerPatience & { topology: typeof noTopology }> = {},
  on?: Broker | Connection,
): Promise<{ seen: string[]; stop: () => Promise<void> }> {
  const seen: string[] = [];
  const all: ConsumeOptions = {
    queue: QUEUE,
    prefetch: 10,
    ...options,
    handler: async (message, stopping) => {
      seen.push(message.body.toString());
      await options.handler?.(message, stopping);
    },
  };
  const from = on ?? world.broker();
  await from.start();
  const { topology = noTopology } = options;
  const made = 'consume' in from ? from.consume(all) : new Consumer(from, all, world.log, topology, options);
  world.onClose(() => made.stop());
  await made.start();
  return { seen, stop: () => made.stop() };
}

/** A connection that shows each channel opened on it, before its owner has it. */
export function connectionShowing(world: World, onChannel: (channel: Channel) => void): Connection {
  return world.connection({
    prepare: (model) => {
      const create = model.createChannel.bind(model);
      model.createChannel = async () => {
        const channel = await create();
        onChannel(channel);
        return channel;
      };
      return Promise.resolve();
    },
  });
}

/** Where nothing is declared, nothing comes back. */
export const noTopology = {
  declares: () => false,
  restore: () => Promise.resolve(),
  hindrance: () => undefined,
};

/** Handlers wait at it until it is opened. */
export function gate() {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}
