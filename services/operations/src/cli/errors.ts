/** The command was not given what it needs. Ends with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command could not be done. Ends with exit code 1; the message says what to do about it. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}

/** Exit codes: shells know the last as "ended by Ctrl-C" (128 + SIGINT). */
export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;
