export { createChannel, type ChannelOptions } from './channel.ts';
export { CircuitBreaker, type CallResult } from './circuit-breaker.ts';
export { systemClock, type Clock } from './clock.ts';
export { CHANNEL_CONNECTIONS, channelConfigFields, type ChannelConfig } from './config.ts';
export { formatAmount, formatCount, formatTime, oneLine } from './format.ts';
export { giveWay, PeopleFirst } from './give-way.ts';
export { channelMetrics, type ChannelMetrics } from './metrics.ts';
export type {
  ChannelDefinition,
  Composed,
  Provider,
  ProviderSurroundings,
  SendOptions,
  SendResult,
} from './provider.ts';
export { alertReference, recipientsOf, type Recipient } from './recipient.ts';
export { runChannel } from './run-channel.ts';
export { withoutLinks } from './without-links.ts';
