import type { Provider, SendResult } from '../provider.ts';
import type { ChannelSubject } from './bench.ts';

/** A world within the test: it does what it is told at once, and remembers every message. */
export class PliableWorld {
  /** `<event>.<role>` of every message that arrived. */
  readonly told: string[] = [];
  /** What becomes of a message under this reference; accepted unless told. */
  answer: (reference: string) => SendResult = () => ({ kind: 'sent', reference: 'theirs' });

  /** The phone channel with this world beyond it. */
  subject(): ChannelSubject<string> {
    const provider: Provider<string> = {
      name: 'pliable',
      send: (_message, { reference }) => {
        const result = this.answer(reference);
        if (result.kind === 'sent') this.told.push(reference);
        return Promise.resolve(result);
      },
    };
    return {
      name: 'phone',
      provider: 'outside',
      showsNotes: true,
      openWorld: () =>
        Promise.resolve({
          definition: {
            name: 'phone',
            address: ({ party }) => party.phone,
            compose: (event) => ({ kind: 'message', message: event.id }),
            openProviders: () => [provider],
          },
          world: {
            knowsReferences: false,
            arrived: () => Promise.resolve([]),
            behave: () => Promise.resolve(),
            close: () => Promise.resolve(),
          },
        }),
    };
  }
}
