import { redactText } from './redact.ts';

export interface Readiness {
  readonly ready: boolean;
  /** By check: `ok`, or in a few words why not. */
  readonly checks: Readonly<Record<string, string>>;
}

export interface Health {
  /** True from the moment that shutdown began. */
  readonly draining: boolean;
  /** From now on not ready, so that balancers look elsewhere. */
  drain(): void;
  ready(): Promise<Readiness>;
}

/** A check that has not answered by then counts as failed: probes give up after a few seconds themselves. */
const CHECK_TIMEOUT_MS = 2_000;

/**
 * @param checks by name, what this service cannot work without; each resolves when all is well and rejects with the reason
 */
export function createHealth(
  checks: Readonly<Record<string, () => Promise<void>>>,
  { timeoutMs = CHECK_TIMEOUT_MS }: { timeoutMs?: number } = {},
): Health {
  let draining = false;
  let underWay: Promise<Record<string, string>> | undefined;

  // Calls that overlap share one round of checks: a storm of probes must not become a storm of queries.
  const runAll = async () => {
    const answers = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await outcomeOf(check, timeoutMs)] as const),
    );
    return Object.fromEntries(answers);
  };

  return {
    get draining() {
      return draining;
    },
    drain() {
      draining = true;
    },
    async ready() {
      underWay ??= runAll().finally(() => {
        underWay = undefined;
      });
      const results = await underWay;
      const allOk = Object.values(results).every((result) => result === 'ok');
      return {
        ready: allOk && !draining,
        checks: draining ? { ...results, shutdown: 'draining' } : results,
      };
    },
  };
}

async function outcomeOf(check: () => Promise<void>, timeoutMs: number): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${timeoutMs} ms`), timeoutMs);
  });
  try {
    return await Promise.race([check().then(() => 'ok'), tooLate]);
  } catch (error) {
    return redactText(error instanceof Error && error.message !== '' ? error.message : 'failed');
  } finally {
    clearTimeout(timer);
  }
}
