import { fullJitterMs } from './backoff.ts';
import { topicOn, type Link, type LinkTopic, type TopicRequest } from './link.ts';
import type { LiveEvent, Reply } from './protocol.ts';
import type { Settings } from './settings.ts';
import type { Effect, LiveFailure } from './signals.ts';
import { isPattern, Topic, type OwnGap } from './topic.ts';

/** What the machine lends to its parts. */
export interface Means {
  settings: Settings;
  random: () => number;
  /** For frames: unlike any before. */
  nextId: () => number;
  effect: (effect: Effect) => void;
}

/** Keeps every connection asked for every topic, and tells subscribers what comes of it. */
export class Following {
  /** Events that were new although they were of the past. */
  caughtUp = 0;
  readonly #means: Means;
  readonly #topics = new Map<string, Topic>();
  readonly #patterns = new Set<Topic>();
  readonly #bySubscriber = new Map<number, Topic>();

  constructor(means: Means) {
    this.#means = means;
  }

  get hasSubscribers(): boolean {
    return this.#bySubscriber.size > 0;
  }

  /** @param links those in use, and those that will be */
  subscribe(subscriber: number, name: string, after: number | undefined, links: Link[], now: number): void {
    const topic = this.#topics.get(name) ?? new Topic(name);
    this.#topics.set(name, topic);
    if (isPattern(name)) this.#patterns.add(topic);
    this.#bySubscriber.set(subscriber, topic);
    topic.leaveAt = undefined;
    const heads = links.map((link) => link.topics.get(name)?.head ?? 0);
    topic.add(subscriber, after, Math.max(0, ...heads));
    for (const link of links) {
      const onLink = topicOn(link, name);
      if (onLink.state === 'refused' || lacks(topic, onLink)) askAt(onLink, now);
      else if (onLink.state === 'told') doubt(topic, onLink, now);
    }
  }

  unsubscribe(subscriber: number, now: number): void {
    const topic = this.#bySubscriber.get(subscriber);
    this.#bySubscriber.delete(subscriber);
    topic?.remove(subscriber);
    if (topic?.size === 0) topic.leaveAt = now + this.#means.settings.lingerMs;
  }

  forgetTopics(): void {
    this.#topics.clear();
    this.#patterns.clear();
  }

  /** Leaves what nobody came back to. */
  leaveDue(links: Link[], now: number): void {
    for (const topic of this.#topics.values()) {
      if (topic.leaveAt === undefined || topic.leaveAt > now) continue;
      this.#topics.delete(topic.name);
      this.#patterns.delete(topic);
      for (const link of links) {
        const state = link.topics.get(topic.name)?.state;
        link.topics.delete(topic.name);
        if (state !== 'asked' && state !== 'told') continue;
        const frame = { id: this.#means.nextId(), t: 'unsubscribe', topic: topic.name } as const;
        this.#means.effect({ do: 'send', link: link.id, frame });
      }
    }
  }

  /** Asks for what is due. Answers false if this connection has kept an answer back for too long. */
  ask(link: Link, now: number): boolean {
    for (const topic of this.#topics.values()) {
      const onLink = topicOn(link, topic.name);
      if (onLink.dueAt !== undefined && onLink.dueAt <= now) {
        if (onLink.state === 'asked') return false;
        if (onLink.state === 'told') this.#askAgain(topic, onLink, now);
      }
      if (onLink.state === 'unasked' && (onLink.dueAt ?? now) <= now) this.#ask(link, topic, onLink, now);
    }
    return true;
  }

  /** Whether this connection alone tells everything: all topics are followed there, and none lags behind. */
  isCaughtUp(link: Link): boolean {
    return [...this.#topics.values()].every((topic) => {
      const onLink = link.topics.get(topic.name);
      return onLink?.state === 'refused' || (onLink?.state === 'told' && !isBehind(topic, onLink));
    });
  }

  /** @param isReplaced nothing is asked there any more */
  event(link: Link, event: LiveEvent, isReplaced: boolean, now: number): void {
    for (const topic of this.#coveredBy(event.topic)) {
      const onLink = link.topics.get(topic.name);
      const isPast = onLink?.state === 'asked' || (onLink?.state === 'told' && isBehind(topic, onLink));
      const { tell, gaps, isNew, hole } = topic.offer(event);
      this.#tellGaps(gaps);
      for (const subscriber of tell) this.#means.effect({ do: 'tell', subscriber, event });
      if (isNew && isPast) this.caughtUp += 1;
      if (onLink === undefined || isReplaced) continue;
      if (event.seq !== undefined) onLink.at = Math.max(event.seq, onLink.at ?? 0);
      if (onLink.state !== 'told') continue;
      // What is told out of turn comes again after what was missed.
      if (hole) this.#askAgain(topic, onLink, now);
      else this.#await(topic, onLink, now);
    }
  }

  /** Answers false if the connection is of no use without a new token. */
  answer(link: Link, id: number, request: TopicRequest, reply: Reply, now: number): boolean {
    const topic = this.#topics.get(request.topic);
    const onLink = link.topics.get(request.topic);
    if (topic === undefined || onLink === undefined) return true;
    const isLatest = onLink.request === id;
    if (isLatest) onLink.doubted = undefined;
    if (reply.ok) {
      onLink.confirmed = Math.max(onLink.confirmed, request.asked ?? 0);
      this.#tellGaps(topic.begun(request.asked, reply.seq));
      if (isLatest) this.#begun(topic, onLink, request.asked ?? reply.seq, reply.seq, now);
      return true;
    }
    const { code = 'unknown', retryable = false, detail, snapshot } = reply.error ?? {};
    if (code === 'history_gone' && request.asked !== undefined) {
      this.#tellGaps(topic.gone(request.asked, reply.seq, snapshot));
      if (!isLatest) return true;
      if (reply.seq === undefined) askAt(onLink, now);
      else this.#begun(topic, onLink, reply.seq, reply.seq, now);
      return true;
    }
    if (code === 'unauthenticated') return false;
    if (!isLatest) return true;
    if (retryable) this.#askLater(onLink, now);
    else this.#refused(topic, onLink, { code, retryable, ...(detail !== undefined && { detail }) });
    return true;
  }

  *deadlines(): Generator<number | undefined> {
    for (const { leaveAt } of this.#topics.values()) yield leaveAt;
  }

  #coveredBy(name: string): Topic[] {
    const exact = this.#topics.get(name);
    const patterns = [...this.#patterns].filter((topic) => topic.covers(name));
    return exact === undefined ? patterns : [exact, ...patterns];
  }

  #ask(link: Link, topic: Topic, onLink: LinkTopic, now: number): void {
    const { settings, nextId, effect } = this.#means;
    const id = nextId();
    const asked = onLink.doubted ?? topic.from();
    Object.assign(onLink, { state: 'asked', request: id, asked, at: asked, dueAt: now + settings.answerMs });
    link.requests.set(id, { about: 'topic', topic: topic.name, asked });
    const frame = {
      id,
      t: 'subscribe',
      topic: topic.name,
      ...(asked !== undefined && { after: asked }),
    } as const;
    effect({ do: 'send', link: link.id, frame });
  }

  /** A hole, or silence where more was promised. At once, unless that was of no use before. */
  #askAgain(topic: Topic, onLink: LinkTopic, now: number): void {
    if (topic.from() === onLink.asked) this.#askLater(onLink, now);
    else askAt(onLink, now);
  }

  #askLater(onLink: LinkTopic, now: number): void {
    const { settings, random } = this.#means;
    const fruitless = onLink.fruitless + 1;
    askAt(onLink, now + fullJitterMs(fruitless, settings.backoff, random));
    onLink.fruitless = fruitless;
  }

  #begun(
    topic: Topic,
    onLink: LinkTopic,
    at: number | undefined,
    head: number | undefined,
    now: number,
  ): void {
    Object.assign(onLink, { state: 'told', at, head });
    if (doubt(topic, onLink, now)) return;
    if (lacks(topic, onLink)) this.#askAgain(topic, onLink, now);
    else this.#await(topic, onLink, now);
  }

  #await(topic: Topic, onLink: LinkTopic, now: number): void {
    onLink.dueAt = isBehind(topic, onLink) ? now + this.#means.settings.answerMs : undefined;
  }

  #refused(topic: Topic, onLink: LinkTopic, failure: LiveFailure): void {
    Object.assign(onLink, { state: 'refused', dueAt: undefined });
    for (const [subscriber, subscribed] of this.#bySubscriber) {
      if (subscribed === topic) this.#means.effect({ do: 'tell-failure', subscriber, failure });
    }
  }

  #tellGaps(gaps: OwnGap[]): void {
    for (const { subscriber, gap } of gaps) this.#means.effect({ do: 'tell-gap', subscriber, gap });
  }
}

function askAt(onLink: LinkTopic, at: number): void {
  Object.assign(onLink, { state: 'unasked', dueAt: at, fruitless: 0 });
}

/**
 * Asks whether the log has reached what a subscriber claims to know. It may have begun anew since, or this
 * gateway may only have heard of less: the answer tells which.
 */
function doubt(topic: Topic, onLink: LinkTopic, now: number): boolean {
  const { head, at, confirmed } = onLink;
  const doubted = head === undefined ? undefined : topic.beyond(Math.max(head, at ?? 0, confirmed));
  if (doubted === undefined) return false;
  askAt(onLink, now);
  onLink.doubted = doubted;
  return true;
}

/** Whether somebody needs what this connection will not tell by itself. */
function lacks(topic: Topic, { state, at, asked }: LinkTopic): boolean {
  const from = topic.from();
  if (from === undefined || (state !== 'asked' && state !== 'told')) return false;
  return state === 'asked' ? asked === undefined || from < asked : at !== undefined && from < at;
}

function isBehind(topic: Topic, { head }: LinkTopic): boolean {
  const from = topic.from();
  return head !== undefined && from !== undefined && from < head;
}
