import type { LiveFailure } from './signals.ts';

/** Something was not published; of what was `unanswered` nobody knows. */
export class PublishError extends Error {
  override readonly name = 'PublishError';
  readonly failure: LiveFailure;
  constructor(topic: string, failure: LiveFailure) {
    super(
      `not published on ${topic}: ${failure.code}${failure.detail === undefined ? '' : `, ${failure.detail}`}`,
    );
    this.failure = failure;
  }
}
