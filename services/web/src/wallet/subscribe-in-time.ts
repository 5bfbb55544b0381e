interface Subscription {
  unsubscribe(): Promise<unknown>;
}

/** A browser that reaches no push service goes on trying, and says nothing. */
const LONGEST_MS = 10_000;

let attempts = 0;

/**
 * Waits for a browser's subscription, but not for ever. One that comes too late is given back, unless there was
 * another attempt meanwhile: browsers have one for all.
 */
export async function subscribeInTime<Made extends Subscription>(
  subscribe: () => Promise<Made>,
): Promise<Made> {
  attempts += 1;
  const attempt = attempts;
  const subscribing = subscribe();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), LONGEST_MS);
  });
  const subscription = await Promise.race([subscribing, tooLate]).finally(() => clearTimeout(timer));
  if (subscription !== undefined) return subscription;
  const giveBack = async (late: Made) => {
    if (attempt === attempts) await late.unsubscribe();
  };
  void subscribing.then(giveBack).catch(() => undefined);
  throw new Error(`no push service answered within ${LONGEST_MS} ms`);
}
