export { AccessRefusedError } from './access-refused.ts';
export { Broker, openBroker, type BrokerOptions } from './broker.ts';
export { backoffMs, pause, type Backoff } from './backoff.ts';
export { Consumer, ReturnToQueue, type ConsumeOptions, type Incoming } from './consumer.ts';
export type { Log } from './log.ts';
export { PublishError, type Outgoing, type PublishFailure } from './publisher.ts';
export {
  Subscription,
  SubscriptionStoppedError,
  type Published,
  type SubscribeOptions,
} from './subscription.ts';
export { TopologyMismatchError } from './declare-topology.ts';
export { settledWithin } from './within.ts';
