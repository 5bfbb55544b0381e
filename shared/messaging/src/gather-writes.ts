import { Duplex } from 'node:stream';
import type { ChannelModel } from 'amqplib';

/**
 * amqplib hands each frame to the socket by itself, which is a system call for every publish and every ack.
 * From now on whatever is written in one turn of the event loop leaves together, at the end of that turn.
 */
export function gatherWrites(model: ChannelModel): void {
  // Not among amqplib's types: if it should ever go by another name, frames leave one by one again.
  const { stream } = model.connection as { stream?: unknown };
  if (!(stream instanceof Duplex)) return;
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  let gathering = false;
  stream.write = (...args: unknown[]): boolean => {
    if (!gathering) {
      gathering = true;
      stream.cork();
      process.nextTick(() => {
        gathering = false;
        stream.uncork();
      });
    }
    return write(...args);
  };
}
