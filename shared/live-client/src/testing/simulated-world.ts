import { Machine } from '../machine.ts';
import type { ClientFrame, LiveEvent, Said, Transport, TransportChoice } from '../protocol.ts';
import { DEFAULT_SETTINGS, type Settings } from '../settings.ts';
import type { Effect, Input, LiveFailure } from '../signals.ts';
import type { Gap } from '../topic.ts';

/** What a subscriber was told, in order. */
export type Told = { seq: number; id: string } | { gap: Gap } | { failure: LiveFailure };

/** A connection as the far end sees it. */
export interface FarLink {
  readonly id: number;
  readonly transport: Transport;
  readonly renew: boolean;
  isOpen: boolean;
  /** For each topic the last number that was put on its way. */
  readonly positions: Map<string, number>;
  /** On its way to the client. */
  queue: Said[];
}

interface Log {
  first: number;
  head: number;
}

/**
 * A machine, a gateway's log and what is on its way between them, all in one place and without time of its own:
 * a test decides what happens when.
 */
export class SimulatedWorld {
  now = 1_000;
  readonly machine: Machine;
  readonly links = new Map<number, FarLink>();
  readonly told = new Map<number, Told[]>();
  readonly sent: ClientFrame[] = [];
  readonly published: Extract<Effect, { do: 'published' }>[] = [];
  readonly #logs = new Map<string, Log>();
  /** After a gap the gateway goes on by itself; else it wants to be asked again. */
  readonly #goesOn: boolean;

  constructor(
    options: {
      choice?: TransportChoice;
      goesOn?: boolean;
      random?: () => number;
      settings?: Partial<Settings>;
    } = {},
  ) {
    this.#goesOn = options.goesOn ?? true;
    this.machine = new Machine(
      { ...DEFAULT_SETTINGS, ...options.settings },
      options.choice ?? 'auto',
      options.random ?? (() => 0.5),
    );
  }

  log(topic: string): Log {
    let log = this.#logs.get(topic);
    if (log === undefined) this.#logs.set(topic, (log = { first: 1, head: 0 }));
    return log;
  }

  /** Topics without a log begin with `public.`. */
  append(topic: string): void {
    const log = this.log(topic);
    log.head += 1;
    for (const link of this.links.values()) this.#pump(link, topic);
  }

  trim(topic: string, upTo: number): void {
    const log = this.log(topic);
    log.first = Math.max(log.first, Math.min(upTo, log.head) + 1);
  }

  input(input: Input): void {
    for (const effect of this.machine.handle(input, this.now)) this.#bringAbout(effect);
    // Whoever wakes it when it wants to be must not be kept awake.
    for (let ticks = 0; (this.machine.wakeAt() ?? Infinity) <= this.now; ticks += 1) {
      if (ticks > 5) throw new Error('wants to be woken again and again');
      for (const effect of this.machine.handle({ on: 'tick' }, this.now)) this.#bringAbout(effect);
    }
  }

  subscribe(subscriber: number, topic: string, after?: number): void {
    this.told.set(subscriber, []);
    this.input({ on: 'subscribe', subscriber, topic, after });
  }

  open(link: FarLink): void {
    if (link.isOpen || !this.links.has(link.id)) return;
    link.isOpen = true;
    this.input({ on: 'opened', link: link.id });
  }

  /** Lets some of what is on its way arrive, as one frame. */
  arrive(link: FarLink, count = Infinity): void {
    const said = link.queue.splice(0, count);
    if (said.length > 0 && this.links.has(link.id)) this.input({ on: 'said', link: link.id, said });
  }

  close(link: FarLink, code?: number): void {
    if (!this.links.delete(link.id)) return;
    this.input({ on: 'closed', link: link.id, code });
  }

  /** Goes to the next moment at which the machine wants to be woken. */
  wake(): void {
    const at = this.machine.wakeAt();
    if (at === undefined) return;
    this.now = Math.max(this.now, at);
    this.input({ on: 'tick' });
  }

  /** Without any more faults, until nothing is left to happen for 20 s. */
  settle(): void {
    for (let round = 0; round < 400; round += 1) {
      const links = [...this.links.values()];
      const busy = links.filter((link) => !link.isOpen || link.queue.length > 0);
      for (const link of links) {
        this.open(link);
        this.arrive(link);
      }
      const at = this.machine.wakeAt();
      if (busy.length === 0 && (at === undefined || at > this.now + 20_000)) return;
      if (busy.length === 0) this.wake();
    }
    throw new Error(`never settles: ${JSON.stringify(this.machine.status())}`);
  }

  #bringAbout(effect: Effect): void {
    switch (effect.do) {
      case 'open': {
        const { link: id, transport, renew } = effect;
        this.links.set(id, { id, transport, renew, isOpen: false, positions: new Map(), queue: [] });
        return;
      }
      case 'close':
        this.links.delete(effect.link);
        return;
      case 'send':
        this.#hear(effect.link, effect.frame);
        return;
      case 'send-token':
        this.#hear(effect.link, { id: effect.id, t: 'token', token: 'another' });
        return;
      case 'tell':
        this.told.get(effect.subscriber)?.push({ seq: effect.event.seq ?? 0, id: effect.event.id });
        return;
      case 'tell-gap':
        this.told.get(effect.subscriber)?.push({ gap: effect.gap });
        return;
      case 'tell-failure':
        this.told.get(effect.subscriber)?.push({ failure: effect.failure });
        return;
      case 'published':
        this.published.push(effect);
    }
  }

  #hear(id: number, frame: ClientFrame): void {
    this.sent.push(frame);
    const link = this.links.get(id);
    if (link === undefined) return;
    if (frame.t === 'unsubscribe') link.positions.delete(frame.topic);
    if (frame.t === 'subscribe') this.#follow(link, frame);
    else link.queue.push({ t: 'reply', reply: { re: frame.id, ok: true } });
  }

  #follow(link: FarLink, { id, topic, after }: Extract<ClientFrame, { t: 'subscribe' }>): void {
    const { first, head } = this.log(topic);
    if (topic.startsWith('public.')) {
      link.positions.set(topic, head);
      link.queue.push({ t: 'reply', reply: { re: id, ok: true } });
      return;
    }
    if (after !== undefined && (after + 1 < first || after > head)) {
      const error = { code: 'history_gone', retryable: false, snapshot: '/snapshot' } as const;
      if (this.#goesOn) link.positions.set(topic, head);
      else link.positions.delete(topic);
      link.queue.push({
        t: 'reply',
        reply: { re: id, ok: false, error, ...(this.#goesOn && { seq: head }) },
      });
      return;
    }
    link.queue.push({ t: 'reply', reply: { re: id, ok: true, seq: head } });
    link.positions.set(topic, after ?? head);
    this.#pump(link, topic);
  }

  #pump(link: FarLink, topic: string): void {
    const { head } = this.log(topic);
    const position = link.positions.get(topic);
    if (position === undefined) return;
    for (let seq = position + 1; seq <= head; seq += 1) {
      link.queue.push({ t: 'event', event: eventOf(topic, seq) });
    }
    link.positions.set(topic, head);
  }
}

export function eventOf(topic: string, seq: number): LiveEvent {
  const numbered = topic.startsWith('public.') ? {} : { seq };
  return {
    t: 'event',
    topic,
    ...numbered,
    id: `${topic}-${seq}`,
    type: 'transfer.credited',
    time: '2025-01-01T00:00:00.000Z',
    data: {},
  };
}
