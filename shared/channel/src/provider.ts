import type { Lane, PaymentEvent, Topology } from '@payfan/contracts';
import type { ForgetfulTable } from '@payfan/database';
import type { Broker } from '@payfan/messaging';
import type { Api, Logger, Part } from '@payfan/service';
import type { Metric } from 'prom-client';
import type { Recipient } from './recipient.ts';

/** What became of handing a message to a provider. */
export type SendResult =
  /** Accepted; `reference` is the provider's own name for it. */
  | { kind: 'sent'; reference: string | null }
  /** It will never work: no such address, a message that is refused for what it is. */
  | { kind: 'rejected'; error: string }
  /**
   * Certainly not accepted, and it may work later; not before `retryAfterMs`, if the provider said so. `refusesUs`: the
   * provider refuses Payfan itself (its credentials, its sender), so it would refuse every other message too; `maybe` if
   * its answer does not say whether it refuses Payfan or this message.
   */
  | { kind: 'failed'; error: string; retryAfterMs?: number; refusesUs?: true | 'maybe' }
  /** Accepted or not, who knows: no answer after the request went out. */
  | { kind: 'unknown'; error: string };

export interface SendOptions {
  /** The same on every attempt at this alert: a provider that knows it sends nothing twice. */
  reference: string;
  /** Aborted when nobody waits for the answer any more. */
  signal: AbortSignal;
}

/** Somebody who carries messages: an SMS gateway, an SMTP server, our own feed. */
export interface Provider<Message> {
  /** Recorded with each delivery; unlike any other of the channel's. */
  readonly name: string;
  /** Hands over a message. May throw only where it cannot tell whether that worked. */
  send(message: Message, options: SendOptions): Promise<SendResult>;
  /**
   * Whether a message was accepted under our reference, for attempts whose answer never came: `sent` if
   * it was, `absent` if it certainly was not. Left out where the provider cannot be asked.
   */
  lookup?(options: SendOptions): Promise<{ kind: 'sent'; reference: string | null } | { kind: 'absent' }>;
  /** Lets go of connections. */
  stop?(): Promise<void>;
}

/** A message, or why there can be none for this recipient. */
export type Composed<Message> =
  { kind: 'message'; message: Message } | { kind: 'impossible'; reason: string };

/** What the program around a provider has, for one that is in the house. */
export interface ProviderSurroundings {
  broker: Pick<Broker, 'publish'>;
  logger: Logger;
}

/** The two things that make a channel what it is, beside its name. */
export interface ChannelDefinition<Message> {
  name: string;
  /** Where a party is reached: an account id, a phone number, a mail address. Shown in the timeline. */
  address(recipient: Recipient): string;
  compose(event: PaymentEvent, recipient: Recipient): Composed<Message>;
  /**
   * In the order of preference. Made once for each lane: a crowd must not use up the connections that a
   * person's alert needs.
   */
  openProviders(around: ProviderSurroundings & { lane: Lane }): Provider<Message>[];
  /** Tables of its own whose old rows are to go. */
  forgets?: readonly ForgetfulTable[];
  /** What it declares at the broker beside its queues. */
  topology?: Topology;
  /** Doors of its own, beside those that every channel has. */
  routes?(api: Api): void;
  /** What it runs beside its consumers: started before them, and stopped after them. */
  parts?(around: Pick<ProviderSurroundings, 'logger'>): readonly Part[];
  /** Metrics of its own, registered nowhere yet. */
  metrics?: readonly Metric[];
}
