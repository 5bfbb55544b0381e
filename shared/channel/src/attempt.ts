import type { Provider, SendOptions, SendResult } from './provider.ts';

export interface AttemptOptions {
  reference: string;
  /** An earlier attempt may have been accepted. */
  uncertain: boolean;
  timeoutMs: number;
}

/** What an attempt came to, and whether it sent again what may have been accepted before. */
export interface Attempted {
  result: SendResult;
  resent: boolean;
}

/**
 * Hands a message over, within a time limit. Where an earlier attempt may have been accepted, the provider
 * is asked first; one that can't be asked gets it again, under the same reference. Never throws.
 */
export async function attempt<Message>(
  provider: Provider<Message>,
  message: Message,
  { reference, uncertain, timeoutMs }: AttemptOptions,
): Promise<Attempted> {
  const controller = new AbortController();
  const options: SendOptions = { reference, signal: controller.signal };
  let resent = false;

  const send = async (): Promise<SendResult> => {
    if (uncertain && provider.lookup !== undefined) {
      const found = await provider.lookup(options);
      if (found.kind === 'sent') return found;
    } else {
      resent = uncertain;
    }
    return provider.send(message, options);
  };

  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<SendResult>((resolve) => {
    timer = setTimeout(() => {
      resolve({ kind: 'unknown', error: `no answer within ${timeoutMs} ms` });
      controller.abort();
    }, timeoutMs);
  });
  try {
    const result = await Promise.race([send(), tooLate]);
    return { result, resent };
  } catch (error) {
    return { result: { kind: 'unknown', error: messageOf(error) }, resent };
  } finally {
    clearTimeout(timer);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
