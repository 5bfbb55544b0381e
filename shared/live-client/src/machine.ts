import { fullJitterMs } from './backoff.ts';
import { Chooser } from './chooser.ts';
import { mayBeBlocked, verdictOn, type RefusalReason } from './closing.ts';
import { Following } from './following.ts';
import { deadlinesOf, isConnected, newLink, type Link } from './link.ts';
import { CLOSE_CODES, type Reply, type Said, type Transport, type TransportChoice } from './protocol.ts';
import { Publishing } from './publishing.ts';
import { Retrying } from './retrying.ts';
import type { Settings } from './settings.ts';
import type { Effect, Input } from './signals.ts';
import type { LiveStatus, StatusState } from './status.ts';

type Closed = Extract<Input, { on: 'closed' }>;

/**
 * Decides what a client does; others do it. No sockets, timers or clocks here: what happens comes in, with its
 * time, and what is to be done comes out.
 *
 * It has one connection in use, perhaps a successor that is being prepared while that one still tells, and
 * replaced ones, listened to for a moment longer. What each of them tells goes through the same `Topic`s, so
 * that it does not matter which one is first.
 */
export class Machine {
  readonly #settings: Settings;
  readonly #random: () => number;
  readonly #chooser: Chooser;
  readonly #retrying: Retrying;
  readonly #following: Following;
  readonly #publishing: Publishing;
  #effects: Effect[] = [];
  #lastId = 0;
  #active: Link | undefined;
  #successor: Link | undefined;
  #successorAt = 0;
  #successorFailures = 0;
  readonly #replaced = new Map<number, Link>();
  #wasOpen = false;
  #renew = false;
  #offlineSince: number | undefined;
  #refused: RefusalReason | undefined;
  #idleAt: number | undefined;
  #isClosed = false;

  /** @param random between 0 inclusive and 1 exclusive */
  constructor(settings: Settings, choice: TransportChoice, random: () => number) {
    this.#settings = settings;
    this.#random = random;
    this.#chooser = new Chooser(settings, choice);
    this.#retrying = new Retrying(settings, random);
    const means = {
      settings,
      random,
      nextId: () => (this.#lastId += 1),
      effect: (effect: Effect) => void this.#effects.push(effect),
    };
    this.#following = new Following(means);
    this.#publishing = new Publishing(means);
  }

  /** @param now in milliseconds, never less than before */
  handle(input: Input, now: number): Effect[] {
    this.#take(input, now);
    this.#settle(now);
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** When something is to be done though nothing happens; undefined if nothing is. */
  wakeAt(): number | undefined {
    const { pingAfterMs } = this.#settings;
    const canSend = this.#active?.openedAt !== undefined;
    const deadlines = [this.#idleAt, ...this.#following.deadlines(), ...this.#publishing.deadlines(canSend)];
    for (const link of [this.#active, this.#successor]) {
      if (link !== undefined) deadlines.push(...deadlinesOf(link, pingAfterMs));
    }
    for (const { closeAt } of this.#replaced.values()) deadlines.push(closeAt);
    if (this.#active === undefined) deadlines.push(this.#isWanted() ? this.#retrying.at : undefined);
    else if (canSend) deadlines.push(this.#moveAt(this.#active));
    const known = deadlines.filter((deadline) => deadline !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }

  status(): LiveStatus {
    const transport = this.#active?.transport ?? this.#chooser.next;
    return { ...this.#state(), transport, caughtUp: this.#following.caughtUp };
  }

  #state(): StatusState {
    if (this.#refused !== undefined) return { state: 'refused', reason: this.#refused };
    if (this.#active !== undefined && isConnected(this.#active)) {
      return { state: this.#following.isCaughtUp(this.#active) ? 'live' : 'catching-up' };
    }
    if (this.#active === undefined && !this.#isWanted()) return { state: 'idle' };
    if (!this.#wasOpen && this.#retrying.failures === 0) return { state: 'connecting' };
    if (this.#offlineSince !== undefined) return { state: 'offline', since: this.#offlineSince };
    return { state: 'reconnecting', inMs: this.#active === undefined ? this.#retrying.pauseMs : 0 };
  }

  #take(input: Input, now: number): void {
    switch (input.on) {
      case 'subscribe':
        this.#following.subscribe(input.subscriber, input.topic, input.after, this.#inUse(), now);
        return;
      case 'unsubscribe':
        this.#following.unsubscribe(input.subscriber, now);
        return;
      case 'publish':
        this.#publishing.add(input.ref, { topic: input.topic, type: input.type, data: input.data }, now);
        return;
      case 'choose':
        this.#chooser.choose(input.transport);
        this.#successorAt = 0;
        return;
      case 'retry':
        this.#refused = undefined;
        this.#isClosed = false;
        this.#renew = true;
        this.#retrying.reset();
        return;
      case 'close':
        this.#isClosed = true;
        return;
      case 'opened':
        this.#opened(input.link, now);
        return;
      case 'said':
        this.#said(input.link, input.said, now);
        return;
      case 'heard':
        this.#heard(this.#find(input.link), now);
        return;
      case 'closed':
        this.#closed(input, now);
        return;
      case 'online':
        this.#offlineSince = undefined;
        this.#chooser.networkChanged();
        this.#retrying.hurry(now);
        this.#askWhetherAlive(now);
        return;
      case 'offline':
        this.#offlineSince = now;
        this.#askWhetherAlive(now);
        return;
      case 'visible':
        this.#retrying.hurry(now);
        this.#askWhetherAlive(now);
        return;
      case 'tick':
    }
  }

  #inUse(): Link[] {
    return [this.#active, this.#successor].filter((link) => link !== undefined);
  }

  #find(id: number): Link | undefined {
    return this.#inUse().find((link) => link.id === id) ?? this.#replaced.get(id);
  }

  #isWanted(): boolean {
    const isAllowed = !this.#isClosed && this.#refused === undefined;
    return isAllowed && (this.#following.hasSubscribers || this.#publishing.isWaiting);
  }

  /** Only a WebSocket can be asked; the others are given up after long silence. */
  #askWhetherAlive(now: number): void {
    if (this.#active?.openedAt !== undefined && this.#active.transport === 'websocket')
      this.#ping(this.#active, now);
  }

  #opened(id: number, now: number): void {
    const link = this.#find(id);
    if (link === undefined) return;
    Object.assign(link, { openedAt: now, heardAt: now });
    if (link === this.#active) this.#following.caughtUp = 0;
  }

  #heard(link: Link | undefined, now: number): void {
    if (link === undefined) return;
    Object.assign(link, { heardAt: now, heard: true, pongBy: undefined });
    if (link === this.#active) this.#wasOpen = true;
  }

  #said(id: number, said: readonly Said[], now: number): void {
    this.#heard(this.#find(id), now);
    for (const one of said) {
      // What came before may have been the end of it.
      const link = this.#find(id);
      if (link === undefined) return;
      if (one.t === 'event') this.#following.event(link, one.event, this.#replaced.has(id), now);
      else if (one.t === 'reply') this.#answered(link, one.reply, now);
      else if (one.t === 'reconnect') link.moveAt ??= now + one.afterMs;
      else this.#tokenEnds(link, now);
    }
  }

  /** A WebSocket takes the new token; what began as a request needs another one, and the gateway ends the old. */
  #tokenEnds(link: Link, now: number): void {
    if (link.transport !== 'websocket') {
      link.moveAt = now;
      this.#renew = true;
      return;
    }
    const id = (this.#lastId += 1);
    link.requests.set(id, { about: 'token' });
    this.#effects.push({ do: 'send-token', link: link.id, id });
  }

  #answered(link: Link, reply: Reply, now: number): void {
    const id = reply.re ?? 0;
    const request = link.requests.get(id);
    link.requests.delete(id);
    link.answered = true;
    if (link === this.#active) this.#chooser.gotThrough();
    if (request?.about === 'publish') this.#publishing.answer(request.ref, reply);
    if (request?.about !== 'topic') return;
    const isOfUse = this.#following.answer(link, id, request, reply, now);
    if (!isOfUse) this.#end(link, { code: CLOSE_CODES.tokenExpired }, now);
  }

  /** Ends a connection that is of no use. */
  #end(link: Link, how: { code?: number }, now: number): void {
    this.#effects.push({ do: 'close', link: link.id });
    this.#closed({ on: 'closed', link: link.id, code: how.code }, now);
  }

  #closed(input: Closed, now: number): void {
    const link = this.#find(input.link);
    if (link === undefined) return;
    this.#publishing.lost(link.id);
    if (this.#replaced.delete(link.id)) return;
    // A token from a cache may have ended while the machine slept: only a new one can be called bad.
    const isOld = input.code === CLOSE_CODES.badToken && !link.renewed;
    const code = isOld ? CLOSE_CODES.tokenExpired : input.code;
    if (verdictOn(code).then === 'renew') this.#renew = true;
    if (link === this.#successor) this.#successorFailed(now);
    else this.#activeFailed(link, { ...input, code }, now);
  }

  #successorFailed(now: number): void {
    this.#successor = undefined;
    this.#successorFailures += 1;
    this.#successorAt = now + fullJitterMs(this.#successorFailures, this.#settings.backoff, this.#random);
    this.#chooser.probed(now);
  }

  #activeFailed(link: Link, { code, tokenFailed = false, retryAfterMs = 0 }: Closed, now: number): void {
    this.#active = undefined;
    const verdict = verdictOn(code);
    if (verdict.then === 'stop') {
      this.#refused = verdict.reason;
      return;
    }
    const lastedMs = link.answered ? now - (link.openedAt ?? now) : 0;
    this.#retrying.failed(code, lastedMs, retryAfterMs, now);
    const isBlocked = !link.answered && !tokenFailed && mayBeBlocked(code);
    if (isBlocked && this.#offlineSince === undefined) this.#chooser.didNotGetThrough(now);
    this.#promote();
  }

  #promote(): void {
    if (this.#successor === undefined) return;
    this.#active = this.#successor;
    this.#successor = undefined;
    this.#successorFailures = 0;
    this.#chooser.inUse(this.#active.transport);
  }

  /** Brings about what should be so as things stand: after every input, whatever it was. */
  #settle(now: number): void {
    this.#publishing.expire(now);
    this.#following.leaveDue(this.#inUse(), now);
    this.#goIdle(now);
    if (this.#active === undefined) {
      if (this.#isWanted() && now >= this.#retrying.at) this.#active = this.#open(this.#chooser.next, now);
    } else {
      this.#keep(this.#active, now);
    }
    if (this.#successor !== undefined) this.#prepare(this.#successor, now);
    for (const link of this.#replaced.values()) {
      if ((link.closeAt ?? now) > now) continue;
      this.#end(link, {}, now);
    }
  }

  #goIdle(now: number): void {
    if (this.#refused !== undefined || this.#isClosed) {
      this.#publishing.failAll({ code: this.#refused ?? 'closed', retryable: false });
      this.#dropLinks();
      return;
    }
    if (this.#isWanted()) {
      this.#idleAt = undefined;
      return;
    }
    if (this.#active === undefined && this.#idleAt === undefined) return;
    this.#idleAt ??= now + this.#settings.lingerMs;
    if (now < this.#idleAt) return;
    this.#dropLinks();
    this.#following.forgetTopics();
  }

  #dropLinks(): void {
    for (const link of [...this.#inUse(), ...this.#replaced.values()]) {
      this.#effects.push({ do: 'close', link: link.id });
      this.#publishing.lost(link.id);
    }
    this.#active = this.#successor = this.#idleAt = undefined;
    this.#replaced.clear();
    this.#retrying.reset();
    this.#wasOpen = false;
  }

  #open(transport: Transport, now: number): Link {
    const id = (this.#lastId += 1);
    const renewed = this.#renew;
    this.#renew = false;
    this.#effects.push({ do: 'open', link: id, transport, renew: renewed });
    return newLink({ id, transport, renewed }, now, this.#settings.openMs);
  }

  #keep(link: Link, now: number): void {
    if (link.openedAt === undefined) {
      // Nothing is lost by giving up what tells nothing yet.
      if (this.#chooser.isUnwanted(link.transport)) {
        this.#effects.push({ do: 'close', link: link.id });
        this.#active = this.#open(this.#chooser.next, now);
      } else if (now >= link.openBy) {
        this.#end(link, {}, now);
      }
      return;
    }
    if (!this.#isAlive(link, now)) return;
    this.#publishing.send(link, now);
    const transport = this.#wantedInstead(link, now);
    if (this.#successor !== undefined && this.#successor.transport !== transport) this.#dropSuccessor();
    if (transport !== undefined && this.#successor === undefined && now >= this.#successorAt) {
      this.#successor = this.#open(transport, now);
    }
  }

  /** When the connection is to have a successor. */
  #moveAt(link: Link): number | undefined {
    if (this.#successor !== undefined) return undefined;
    const dues = [this.#chooser.changesAt(link.transport), link.moveAt].filter((due) => due !== undefined);
    return dues.length === 0 ? undefined : Math.max(Math.min(...dues), this.#successorAt);
  }

  /** The transport of the connection that should take over from this one, if any should. */
  #wantedInstead(link: Link, now: number): Transport | undefined {
    const transport = this.#chooser.insteadOf(link.transport, now);
    const isToMove = link.moveAt !== undefined && now >= link.moveAt;
    return transport !== link.transport || isToMove ? transport : undefined;
  }

  #dropSuccessor(): void {
    if (this.#successor !== undefined) this.#effects.push({ do: 'close', link: this.#successor.id });
    this.#successor = undefined;
  }

  /** The successor takes over as soon as it alone tells everything. */
  #prepare(link: Link, now: number): void {
    if (link.openedAt === undefined) {
      if (now >= link.openBy) this.#end(link, {}, now);
      return;
    }
    if (!this.#isAlive(link, now) || !this.#following.isCaughtUp(link)) return;
    const old = this.#active;
    this.#promote();
    if (old === undefined) return;
    old.closeAt = now + this.#settings.drainMs;
    this.#replaced.set(old.id, old);
  }

  /** Asks for what is to be asked for, and ends a connection that keeps silent. */
  #isAlive(link: Link, now: number): boolean {
    const isSilent = link.pongBy !== undefined && now >= link.pongBy;
    if (isSilent || !this.#following.ask(link, now)) {
      this.#end(link, {}, now);
      return false;
    }
    if (now >= link.heardAt + this.#settings.pingAfterMs) this.#ping(link, now);
    return true;
  }

  #ping(link: Link, now: number): void {
    if (link.pongBy !== undefined) return;
    link.pongBy = now + this.#settings.pongMs;
    if (link.transport !== 'websocket') return;
    const id = (this.#lastId += 1);
    link.requests.set(id, { about: 'ping' });
    this.#effects.push({ do: 'send', link: link.id, frame: { id, t: 'ping' } });
  }
}
