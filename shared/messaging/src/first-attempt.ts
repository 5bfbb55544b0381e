import type { AccessRefusedError } from './access-refused.ts';
import { settledWithin } from './within.ts';

/** How long a start waits to learn that the broker refuses it something; a broker that is away answers nothing. */
const START_TIMEOUT_MS = 5_000;

/**
 * The outcome of the first attempt at something that is repeated until it succeeds. A refusal is a mistake in the
 * set-up and ends the start; other failures may pass, so the program starts without its broker.
 */
export class FirstAttempt {
  #settle: (refusal: AccessRefusedError | undefined) => void = () => undefined;
  readonly #outcome = new Promise<AccessRefusedError | undefined>((resolve) => (this.#settle = resolve));

  /** Later calls change nothing. */
  ended(refusal?: AccessRefusedError): void {
    this.#settle(refusal);
  }

  /** @throws AccessRefusedError if the attempt was refused. */
  async wait(): Promise<void> {
    let refusal: AccessRefusedError | undefined;
    await settledWithin(
      this.#outcome.then((outcome) => (refusal = outcome)),
      START_TIMEOUT_MS,
    );
    if (refusal !== undefined) throw refusal;
  }
}
