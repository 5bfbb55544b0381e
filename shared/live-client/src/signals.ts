import type { ClientFrame, LiveEvent, Said, Transport, TransportChoice } from './protocol.ts';
import type { Gap } from './topic.ts';

/** Why something was not done. */
export interface LiveFailure {
  /** The gateway's code, or `unanswered` or `needs_websocket`. */
  code: string;
  /** Whether the same may work later. */
  retryable: boolean;
  detail?: string;
}

/** What happens to the machine. */
export type Input =
  | { on: 'subscribe'; subscriber: number; topic: string; after: number | undefined }
  | { on: 'unsubscribe'; subscriber: number }
  | { on: 'publish'; ref: number; topic: string; type: string; data: unknown }
  | { on: 'choose'; transport: TransportChoice }
  /** Try again after a refusal, or at once instead of later. */
  | { on: 'retry' }
  | { on: 'close' }
  | { on: 'opened'; link: number }
  | { on: 'said'; link: number; said: readonly Said[] }
  /** A sign of life that says nothing. */
  | { on: 'heard'; link: number }
  /** `code`: undefined for what is no close code. `tokenFailed`: there was no token to open it with. */
  | { on: 'closed'; link: number; code?: number | undefined; retryAfterMs?: number; tokenFailed?: boolean }
  | { on: 'online' }
  | { on: 'offline' }
  | { on: 'visible' }
  /** The time has come that `wakeAt` named. */
  | { on: 'tick' };

/** What is to be done about it, in this order. */
export type Effect =
  /** `renew`: the token at hand is no longer good. */
  | { do: 'open'; link: number; transport: Transport; renew: boolean }
  | { do: 'send'; link: number; frame: ClientFrame }
  /** Get a new token and send it under this id. */
  | { do: 'send-token'; link: number; id: number }
  /** Nothing of it is of interest any more. */
  | { do: 'close'; link: number }
  | { do: 'tell'; subscriber: number; event: LiveEvent }
  | { do: 'tell-gap'; subscriber: number; gap: Gap }
  | { do: 'tell-failure'; subscriber: number; failure: LiveFailure }
  | { do: 'published'; ref: number; failure?: LiveFailure };
