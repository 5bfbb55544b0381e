import type {
  DeadLetter,
  DeadLetterDetail,
  DeadLetterFilter,
  DeadLetterGroup,
  Gateway,
  GatewayDrain,
  GatewayList,
  QueueList,
  ReplayResult,
} from '@payfan/contracts';
import type { ApiClient } from './api-client.ts';
import type { Page, PageRequest } from './transaction.ts';

export type {
  DeadLetter,
  DeadLetterDetail,
  DeadLetterGroup,
  DeadLetterReason,
  Gateway,
  OutboxStatus,
  QueueList,
  QueueStatus,
} from '@payfan/contracts';

/** Which letters are meant; what is left out matches all, except the state: what is open. */
export type LetterFilter = {
  [Name in keyof DeadLetterFilter]?: DeadLetterFilter[Name] | undefined;
};

/** Channels that did not answer just now: their share is missing. */
interface Unavailable {
  unavailable: string[];
}

/** None, of all there are: of channels that did not answer nobody knows. */
export const isNone = ({ data, unavailable }: { data: readonly unknown[] } & Unavailable): boolean =>
  data.length === 0 && unavailable.length === 0;

export type LetterGroups = { data: DeadLetterGroup[] } & Unavailable;
export type LetterPage = Page<DeadLetter> & Unavailable;
export type ReplayOutcome = ReplayResult & Unavailable;

/** Either some by id, or those that a filter matches. */
export type ReplayTarget = { ids: string[] } | { filter: LetterFilter };

/** Letters that one call replays at most. */
export const REPLAY_LIMIT = 500;
/** Operations gives channels half of it. */
const REPLAY_TIMEOUT_MS = 60_000;

export const operationsKeys = {
  queues: ['operations', 'queues'],
  gateways: ['operations', 'gateways'],
  letters: ['operations', 'letters'],
  letterGroups: (filter: LetterFilter) => ['operations', 'letters', 'groups', filter],
  letterPages: (filter: LetterFilter) => ['operations', 'letters', 'pages', filter],
  letter: (id: string) => ['operations', 'letters', 'one', id],
  /** Not among the letters: its count stays as it was while they are replayed. */
  dryRun: (target: ReplayTarget) => ['operations', 'dry-run', target],
} as const;

export const fetchQueues = (api: ApiClient, signal?: AbortSignal): Promise<QueueList> =>
  api.json('/v1/queues', { signal });

export async function fetchGateways(api: ApiClient, signal?: AbortSignal): Promise<Gateway[]> {
  const { data } = await api.json<GatewayList>('/v1/gateways', { signal });
  return data;
}

/** Has a gateway ask its clients to move, and end. */
export const drainGateway = (api: ApiClient, id: string): Promise<GatewayDrain> =>
  api.json(`/v1/gateways/${encodeURIComponent(id)}/drain`, { method: 'POST' });

/** What letters died of, the commonest first. */
export const fetchLetterGroups = (
  api: ApiClient,
  filter: LetterFilter,
  signal?: AbortSignal,
): Promise<LetterGroups> => api.json('/v1/dead-letters/groups', { query: filter, signal });

export const fetchLetters = (
  api: ApiClient,
  filter: LetterFilter,
  { signal, ...page }: PageRequest = {},
): Promise<LetterPage> => api.json('/v1/dead-letters', { query: { ...filter, ...page }, signal });

export const fetchLetter = (api: ApiClient, id: string, signal?: AbortSignal): Promise<DeadLetterDetail> =>
  api.json(`/v1/dead-letters/${encodeURIComponent(id)}`, { signal });

/** Sends letters round again, at most {@link REPLAY_LIMIT} a call; with `dryRun` it only counts them. */
export const replayLetters = (
  api: ApiClient,
  target: ReplayTarget,
  options: { dryRun: boolean; ratePerSecond?: number; limit?: number },
): Promise<ReplayOutcome> =>
  api.json('/v1/dead-letters/replay', {
    method: 'POST',
    body: { ...target, ...options },
    timeoutMs: REPLAY_TIMEOUT_MS,
  });
