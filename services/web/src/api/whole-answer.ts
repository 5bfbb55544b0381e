interface AnswerLimits {
  fetch?: typeof globalThis.fetch | undefined;
  /** Aborted when the caller no longer needs the answer. */
  signal?: AbortSignal | undefined;
  timeoutMs: number;
}

/**
 * An answer with all of its body: a service that stops in the midst of one has not answered. It ends after `timeoutMs`,
 * whatever the service does, so every request of the pages and of their server goes through here.
 *
 * @throws what `signal` was aborted with, or the failure of the network
 */
export async function wholeAnswer(
  url: string,
  init: RequestInit,
  { fetch = globalThis.fetch, signal, timeoutMs }: AnswerLimits,
): Promise<Response> {
  // Not AbortSignal.any and timeout: browsers that Next takes lack the former.
  const calling = new AbortController();
  const callOff = () => calling.abort(signal?.reason);
  if (signal?.aborted === true) callOff();
  signal?.addEventListener('abort', callOff);
  const timer = setTimeout(
    () => calling.abort(new DOMException('no answer in time', 'TimeoutError')),
    timeoutMs,
  );
  try {
    const answer = await fetch(url, { ...init, signal: calling.signal });
    if (answer.body === null) return answer;
    const { status, statusText, headers } = answer;
    return new Response(await answer.arrayBuffer(), { status, statusText, headers });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', callOff);
  }
}

/** What a read or a small change may take: a person who waits has long begun to wonder. */
export const USUAL_TIMEOUT_MS = 15_000;
