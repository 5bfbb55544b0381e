import type { GuardedProvider } from './guarded-provider.ts';
import type { SendResult } from './provider.ts';

export interface AttemptOptions {
  reference: string;
  /** An earlier attempt may have been accepted. */
  uncertain: boolean;
  /** Who made that attempt, if it was recorded. */
  lastProvider: string | null;
  /** For each question and each sending. */
  timeoutMs: number;
}

/** What an attempt came to, by whom, and whether it sent again what may have been accepted before. */
export interface Attempted {
  result: SendResult;
  provider: string;
  resent: boolean;
}

/**
 * Hands a message to the first provider that takes it. Only a definite failure moves on to the next: a
 * refusal is the same everywhere, and after silence a second provider could make a second message.
 *
 * Where an earlier attempt may have been accepted, the providers are asked first. Whoever made it and can't
 * be asked gets the message again, under the same reference. Never throws.
 */
export async function attempt<Message>(
  providers: readonly GuardedProvider<Message>[],
  message: Message,
  { reference, uncertain, lastProvider, timeoutMs }: AttemptOptions,
): Promise<Attempted> {
  if (uncertain) {
    const found = await lookUp(providers, reference, timeoutMs);
    if (found !== undefined) return { ...found, resent: false };
  }
  const suspects = providers.filter(({ name }) => lastProvider === null || name === lastProvider);
  const resent = uncertain && suspects.some(({ canBeAsked }) => !canBeAsked);
  const order = [...providers].sort(
    (a, b) => Number(b.name === lastProvider) - Number(a.name === lastProvider),
  );
  const { result, provider } = await sendInTurn(uncertain ? order : providers, message, reference, timeoutMs);
  return { result, provider, resent };
}

/** Asks everybody who can be asked. Answers undefined if nobody has the message. */
async function lookUp<Message>(
  providers: readonly GuardedProvider<Message>[],
  reference: string,
  timeoutMs: number,
): Promise<Omit<Attempted, 'resent'> | undefined> {
  for (const provider of providers) {
    const found = await provider.lookup(reference, timeoutMs);
    if (found.kind !== 'absent') return { result: found, provider: provider.name };
  }
  return undefined;
}

/**
 * One after the other until the outcome is more than a failure. One that keeps failing is passed over, but
 * only for another: the message is tried at least once.
 */
async function sendInTurn<Message>(
  providers: readonly GuardedProvider<Message>[],
  message: Message,
  reference: string,
  timeoutMs: number,
): Promise<Omit<Attempted, 'resent'>> {
  const available = providers.filter((candidate) => !candidate.isSkipped());
  const failures: (SendResult & { kind: 'failed' })[] = [];
  let provider = '';
  for (const candidate of available.length > 0 ? available : providers.slice(0, 1)) {
    provider = candidate.name;
    const result = await candidate.send(message, reference, timeoutMs);
    if (result.kind !== 'failed') return { result, provider };
    failures.push(result);
  }
  // Whoever may be tried again soonest decides when.
  const retryAfterMs = Math.min(...failures.map((failure) => failure.retryAfterMs ?? 0));
  const error = failures.map((failure) => failure.error).join('; ');
  return { result: { kind: 'failed', error, retryAfterMs }, provider };
}
