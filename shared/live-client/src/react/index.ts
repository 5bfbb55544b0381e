export { LiveProvider, NoLiveClientError } from './live-provider.ts';
export type { TopicState } from './topic-store.ts';
export { useSocket } from './use-socket.ts';
export { useTopic, type UseTopicOptions } from './use-topic.ts';
