import type { Transport } from './protocol.ts';

/** A topic on one connection. */
export interface LinkTopic {
  /** `told`: the gateway follows it for us here. `refused`: it never will. */
  state: 'unasked' | 'asked' | 'told' | 'refused';
  request: number | undefined;
  /** The number it was asked to begin after. */
  asked: number | undefined;
  /** The highest number told here, or where it began. */
  at: number | undefined;
  /** The last number of the topic when it began; what comes up to it is catching up. */
  head: number | undefined;
  /** A number that the log may not have reached, to be asked about; and the furthest that it has. */
  doubted: number | undefined;
  confirmed: number;
  /** How often it was asked in vain. */
  fruitless: number;
  /** Unasked: when to ask. Asked: when to give up waiting. Told, but behind: likewise for the next event. */
  dueAt: number | undefined;
}

/** A topic was asked for, after this number. */
export interface TopicRequest {
  about: 'topic';
  topic: string;
  asked: number | undefined;
}
/** What an answer is about. */
type Request = TopicRequest | { about: 'publish'; ref: number } | { about: 'ping' } | { about: 'token' };

/** One connection, as the machine knows it. */
export interface Link {
  readonly id: number;
  readonly transport: Transport;
  /** Its token was a new one. */
  readonly renewed: boolean;
  /** Since when it is open. */
  openedAt: number | undefined;
  /** When to give up waiting for it to open. */
  readonly openBy: number;
  /** When something last came. */
  heardAt: number;
  /** Whether anything ever came. */
  heard: boolean;
  /** Whether it ever answered: a proxy may let the past through, and keep what happens. */
  answered: boolean;
  /** When to give up waiting for the answer to a ping. */
  pongBy: number | undefined;
  /** When to move to another, as the gateway asked. */
  moveAt: number | undefined;
  /** Replaced: when to close it. */
  closeAt: number | undefined;
  readonly topics: Map<string, LinkTopic>;
  readonly requests: Map<number, Request>;
}

export function newLink(how: Pick<Link, 'id' | 'transport' | 'renewed'>, now: number, openMs: number): Link {
  return {
    ...how,
    openedAt: undefined,
    openBy: now + openMs,
    heardAt: now,
    heard: false,
    answered: false,
    pongBy: undefined,
    moveAt: undefined,
    closeAt: undefined,
    topics: new Map(),
    requests: new Map(),
  };
}

/** The topic on this connection, unasked if it is new here. */
export function topicOn(link: Link, name: string): LinkTopic {
  let topic = link.topics.get(name);
  if (topic === undefined) {
    topic = {
      state: 'unasked',
      request: undefined,
      asked: undefined,
      at: undefined,
      head: undefined,
      doubted: undefined,
      confirmed: 0,
      fruitless: 0,
      dueAt: undefined,
    };
    link.topics.set(name, topic);
  }
  return topic;
}

/** The earliest moment at which something is to be done about this connection. */
export function* deadlinesOf(link: Link, pingAfterMs: number): Generator<number | undefined> {
  yield link.closeAt;
  if (link.openedAt === undefined) {
    yield link.openBy;
    return;
  }
  yield link.pongBy ?? link.heardAt + pingAfterMs;
  for (const { dueAt } of link.topics.values()) yield dueAt;
}

/** HTTP has no handshake: there the first answer shows that the gateway is there. */
export function isConnected({ openedAt, heard, transport }: Link): boolean {
  return openedAt !== undefined && (heard || transport === 'websocket');
}
