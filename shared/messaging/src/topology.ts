import type { ChannelModel } from 'amqplib';
import type { Topology } from '@payfan/contracts';

/**
 * Declares exchanges, queues and bindings. Declaring what is already there is no change; declaring it
 * with other arguments is refused by the broker (406), and the error says what to do.
 */
export async function declareTopology(model: ChannelModel, topology: Topology): Promise<void> {
  const channel = await model.createChannel();
  let refused: Error | undefined;
  channel.on('error', (error) => (refused = error));
  try {
    for (const { name, type } of topology.exchanges) {
      await channel.assertExchange(name, type, { durable: true });
    }
    for (const { name, arguments: args } of topology.queues) {
      await channel.assertQueue(name, { durable: true, arguments: args });
    }
    for (const { exchange, queue, routingKey } of topology.bindings) {
      await channel.bindQueue(queue, exchange, routingKey);
    }
    await channel.close();
  } catch (error) {
    throw refused?.message.includes('PRECONDITION') === true ? new TopologyMismatchError(refused) : error;
  }
}

/** An exchange or queue exists with other arguments: declared by another version, or by hand. */
export class TopologyMismatchError extends Error {
  override readonly name = 'TopologyMismatchError';
  constructor(cause: Error) {
    super(
      `the broker holds a queue or exchange with other arguments than ours (${cause.message}); ` +
        'move its messages away and delete it, and it will be declared anew',
      { cause },
    );
  }
}
