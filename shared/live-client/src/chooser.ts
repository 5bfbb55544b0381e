import { TRANSPORTS, type Transport, type TransportChoice } from './protocol.ts';
import type { Settings } from './settings.ts';

/**
 * Which transport is next. Proxies that let no WebSocket through mostly let HTTP through, if not as a stream
 * then as whole answers; so `auto` goes down from one to the next, and tries the best one again now and then.
 */
export class Chooser {
  readonly #settings: Settings;
  #choice: TransportChoice;
  /** What `auto` has come to. */
  #auto: Transport = 'websocket';
  /** Connections of this transport that never got through, one after the other. */
  #blocked = 0;
  #probeAt = 0;

  constructor(settings: Settings, choice: TransportChoice) {
    this.#settings = settings;
    this.#choice = choice;
  }

  /** For a connection that has none to go by. */
  get next(): Transport {
    return this.#choice === 'auto' ? this.#auto : this.#choice;
  }

  choose(choice: TransportChoice): void {
    this.#choice = choice;
    this.#auto = 'websocket';
    this.#blocked = 0;
    this.#probeAt = 0;
  }

  /** Whether this one is not what was asked for. */
  isUnwanted(transport: Transport): boolean {
    return this.#choice !== 'auto' && this.#choice !== transport;
  }

  /** What should take over from this one, which works. */
  insteadOf(transport: Transport, now: number): Transport {
    if (this.#choice !== 'auto') return this.#choice;
    return now >= this.#probeAt ? 'websocket' : transport;
  }

  /** When that changes; undefined if it does not by itself. */
  changesAt(transport: Transport): number | undefined {
    if (this.isUnwanted(transport)) return 0;
    return this.#choice === 'auto' && transport !== 'websocket' ? this.#probeAt : undefined;
  }

  gotThrough(): void {
    this.#blocked = 0;
  }

  inUse(transport: Transport): void {
    this.#auto = transport;
  }

  probed(now: number): void {
    this.#probeAt = now + this.#settings.probeMs;
  }

  /** A connection never got through, and it was not the gateway that said no. */
  didNotGetThrough(now: number): void {
    this.#blocked += 1;
    if (this.#choice !== 'auto' || this.#blocked < this.#settings.tries) return;
    this.#blocked = 0;
    this.#auto = TRANSPORTS[(TRANSPORTS.indexOf(this.#auto) + 1) % TRANSPORTS.length] ?? 'websocket';
    this.probed(now);
  }

  /** On another network other proxies may be in the way, or none. */
  networkChanged(): void {
    this.#auto = 'websocket';
  }
}
