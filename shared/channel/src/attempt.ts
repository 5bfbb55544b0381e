import type { GuardedProvider } from './guarded-provider.ts';
import type { SendResult } from './provider.ts';

export interface AttemptOptions {
  reference: string;
  /** An earlier attempt may have been accepted. */
  uncertain: boolean;
  /** Who made it, and so may have accepted it; null if that was not recorded. */
  lastProvider: string | null;
  /** The last attempt ended without a word: its process died. */
  leftBehind: boolean;
  /** For each question and each sending. */
  timeoutMs: number;
}

/** What an attempt came to, and what is to be remembered for the next. */
export interface Attempted {
  result: SendResult;
  /** Who made it; while it is `uncertain`, who may have accepted the message: null if nobody knows. */
  provider: string | null;
  /** It was not sent, and yet it may have been accepted, this time or before. */
  uncertain: boolean;
  /** It sent again what may have been accepted before. */
  resent: boolean;
}

/**
 * Hands a message to the first provider that takes it. Only a definite failure moves on to the next: a
 * refusal is the same everywhere, and after silence a second provider could make a second message.
 *
 * Where an earlier attempt may have been accepted, whoever made it is the suspect; if that is not known, every
 * provider is. A suspect that can be asked is asked first: if it has the message nothing is sent; if it does
 * not answer, nothing is sent this time; if it has it not, everything is open again, as if new. A suspect that
 * can't be asked gets the message again under the same reference, the first one if there are several, and
 * nobody else does, however often it fails: what failed now may still have been accepted before. A suspect
 * that is no longer configured can't be waited for: then all are free. Never throws.
 */
export async function attempt<Message>(
  providers: readonly GuardedProvider<Message>[],
  message: Message,
  { reference, uncertain, lastProvider, leftBehind, timeoutMs }: AttemptOptions,
): Promise<Attempted> {
  const sendTo = (candidates: typeof providers) => sendInTurn(candidates, message, reference, timeoutMs);
  if (!uncertain) return attempted(await sendTo(providers), { resent: false });

  const last = providers.find(({ name }) => name === lastProvider);
  // An attempt that was left behind went to nobody but its suspect only if that one couldn't be asked: one
  // that could may have said that it had nothing, whereupon the others were free.
  const isKnown = lastProvider !== null && (!leftBehind || last?.canBeAsked === false);
  const suspects = isKnown && last !== undefined ? [last] : providers;
  const found = await lookUp(suspects, reference, timeoutMs);
  if (found?.result.kind === 'sent') return attempted(found, { resent: false });
  // Whoever kept silent need not be the one: the suspicion stays as it was.
  if (found !== undefined) {
    return attempted({ ...found, provider: isKnown ? lastProvider : null }, { resent: false });
  }
  const isGone = isKnown && last === undefined;
  const silent = suspects.find(({ canBeAsked }) => !canBeAsked);
  if (silent !== undefined && !isGone) {
    return attempted(await sendTo([silent]), { resent: true, stillUncertain: true });
  }
  // The last one first: should it have been wrong, the same reference at the same provider makes no second message.
  const others = providers.filter((provider) => provider !== last);
  return attempted(await sendTo(last === undefined ? others : [last, ...others]), { resent: isGone });
}

type Answered = Pick<Attempted, 'result' | 'provider'>;

function attempted(
  answered: Answered,
  { resent, stillUncertain = false }: { resent: boolean; stillUncertain?: boolean },
): Attempted {
  const { result, provider } = answered;
  const { kind } = result;
  return { result, provider, resent, uncertain: kind === 'unknown' || (stillUncertain && kind !== 'sent') };
}

/** Asks those who can be asked. Undefined if none of them has the message; `unknown` if one did not say. */
async function lookUp<Message>(
  providers: readonly GuardedProvider<Message>[],
  reference: string,
  timeoutMs: number,
): Promise<Answered | undefined> {
  let unsaid: Answered | undefined;
  for (const provider of providers) {
    const result = await provider.lookup(reference, timeoutMs);
    if (result.kind === 'absent') continue;
    if (result.kind === 'sent') return { result, provider: provider.name };
    unsaid ??= { result, provider: provider.name };
  }
  return unsaid;
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
): Promise<Answered> {
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
