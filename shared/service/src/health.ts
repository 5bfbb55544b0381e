import { redactText } from './redact.ts';

/** Resolves when all is well, and rejects with the reason when not. */
export type Check = () => Promise<void>;

/** A check of something whose absence does not stop the service from answering. */
export interface LenientCheck {
  readonly check: Check;
  /**
   * `once`: the service is unready until the check first passes, so that a version with a wrong address does not
   * replace one that works. `never`: the outcome is only reported.
   */
  readonly required: 'once' | 'never';
}

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
 * @param checks by name, what this service depends on. All copies of a service share their dependencies, so a check is
 *   required only if the service cannot answer without it: else its outage would leave no copy to send requests to.
 */
export function createHealth(
  checks: Readonly<Record<string, Check | LenientCheck>>,
  { timeoutMs = CHECK_TIMEOUT_MS }: { timeoutMs?: number } = {},
): Health {
  let draining = false;
  let underWay: Promise<Record<string, string>> | undefined;
  const named = Object.entries(checks).map(([name, given]) => {
    const { check, required } = typeof given === 'function' ? { check: given, required: 'always' } : given;
    return { name, check, required };
  });
  const passedOnce = new Set<string>();

  // Calls that overlap share one round of checks: a storm of probes must not become a storm of queries.
  const runAll = async () => {
    const answers = await Promise.all(
      named.map(async ({ name, check }) => [name, await outcomeOf(check, timeoutMs)] as const),
    );
    for (const [name, outcome] of answers) if (outcome === 'ok') passedOnce.add(name);
    return Object.fromEntries(answers);
  };
  const allows = (results: Record<string, string>) =>
    named.every(
      ({ name, required }) =>
        results[name] === 'ok' || required === 'never' || (required === 'once' && passedOnce.has(name)),
    );

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
      return {
        ready: allows(results) && !draining,
        checks: draining ? { ...results, shutdown: 'draining' } : results,
      };
    },
  };
}

async function outcomeOf(check: Check, timeoutMs: number): Promise<string> {
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
