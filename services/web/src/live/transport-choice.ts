import type { TransportChoice } from '@payfan/live-client';

export const TRANSPORT_CHOICES: readonly { value: TransportChoice; label: string; explanation: string }[] = [
  { value: 'auto', label: 'Auto', explanation: 'The first of the three that gets through.' },
  {
    value: 'websocket',
    label: 'WebSocket',
    explanation: 'One connection, both ways; each event as it happens.',
  },
  { value: 'sse', label: 'SSE', explanation: 'One long answer over HTTP; each event as it happens.' },
  { value: 'polling', label: 'Polling', explanation: 'Asks again and again; works wherever HTTP does.' },
];

const KEY = 'payfan.transport';
const USUAL: TransportChoice = 'auto';

const isChoice = (text: string | null): text is TransportChoice =>
  TRANSPORT_CHOICES.some(({ value }) => value === text);

/** What was chosen on this browser. One that keeps nothing still remembers it while the page is open. */
export class TransportMemory {
  readonly #storage: () => Pick<Storage, 'getItem' | 'setItem'>;
  readonly #watchers = new Set<() => void>();
  #choice: TransportChoice | undefined;

  constructor(storage: () => Pick<Storage, 'getItem' | 'setItem'> = () => localStorage) {
    this.#storage = storage;
  }

  readonly choice = (): TransportChoice => (this.#choice ??= this.#kept());
  /** A server knows nothing of it, so a page begins alike there and in the browser. */
  readonly choiceOnServer = (): TransportChoice => USUAL;

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  readonly choose = (choice: TransportChoice): void => {
    this.#choice = choice;
    try {
      this.#storage().setItem(KEY, choice);
    } catch {
      // Asked again the next time.
    }
    for (const watcher of this.#watchers) watcher();
  };

  #kept(): TransportChoice {
    try {
      const kept = this.#storage().getItem(KEY);
      return isChoice(kept) ? kept : USUAL;
    } catch {
      return USUAL;
    }
  }
}
