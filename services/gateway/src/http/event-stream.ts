import type { VerifiedToken } from '@payfan/service';
import type { ServerResponse } from 'node:http';
import type { Counter } from 'prom-client';
import { SNAPSHOT } from '../client-frame.ts';
import { endOf } from '../connection.ts';
import type { Client } from '../connections.ts';
import { jittered, type Limits } from '../limits.ts';
import type { LiveMessage } from '../live-message.ts';
import type { Beginning, Subscriber } from '../log-topic.ts';
import { howBegun, type GatewayMetrics } from '../metrics.ts';
import { Writer } from '../writer.ts';

/** How long a client should wait before it connects again, unless it knows better. */
const RETRY_MS = 2_000;

export interface EventStreamOptions {
  readonly verified: VerifiedToken;
  /** It said where it stands. */
  readonly isResumed: boolean;
  readonly limits: Limits;
  readonly metrics: GatewayMetrics;
  /** Called once, when it is over. */
  readonly onEnd: () => void;
}

/** One response that goes on: server-sent events, as https://html.spec.whatwg.org/#server-sent-events has them. */
export class EventStream implements Client, Subscriber {
  readonly kind = 'stream';
  readonly #options: EventStreamOptions;
  readonly #endsAtMs: number;
  readonly #delivered: Counter.Internal;
  #response: ServerResponse | undefined;
  #writer: Writer | undefined;
  /** What was told before the headers were out. */
  #early: Buffer[] = [];
  #whenAttached: (() => void)[] = [];
  #nextBeatAtMs: number;
  #isEndTold = false;
  #isOver = false;
  #leaving: NodeJS.Timeout | undefined;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#delivered = options.metrics.delivered.labels({ kind: this.kind });
    this.#endsAtMs = endOf(options.verified);
    this.#nextBeatAtMs = performance.now() + jittered(options.limits.pingEveryMs);
  }

  begun(beginning: Beginning): void {
    const { seq, historyGone } = beginning;
    const { isResumed, metrics } = this.#options;
    metrics.begun.inc({ how: howBegun(beginning, isResumed) });
    // A client that is cut before its first event resumes from here. One that has resumed knows where it stands.
    const id = isResumed || seq === undefined ? '' : `id: ${seq}\n`;
    this.#push(Buffer.from(`${id}retry: ${RETRY_MS}\n\n`));
    const error = { code: 'history_gone', retryable: false, snapshot: SNAPSHOT };
    if (historyGone) this.#say('history_gone', { seq, error }, seq);
  }

  tell(message: LiveMessage): void {
    this.#delivered.inc();
    this.#push(message.chunk);
  }

  async hasRoom(): Promise<void> {
    if (this.#writer === undefined && !this.#isOver) {
      await new Promise<void>((resolve) => this.#whenAttached.push(resolve));
    }
    await this.#writer?.hasRoom();
  }

  lost(): void {
    this.#end('lost');
  }

  /** It never began. */
  abandon(): void {
    this.#onClose();
  }

  /** The headers are out. */
  attach(response: ServerResponse): void {
    // It may have been ended meanwhile; and of HEAD only the headers are wanted.
    if (this.#isOver || response.destroyed || response.req.method === 'HEAD') {
      this.#onClose();
      response.end();
      return;
    }
    this.#response = response;
    response.once('close', () => this.#onClose());
    this.#writer = new Writer({
      sink: response,
      isOpen: () => !this.#isOver,
      mostBufferedBytes: this.#options.limits.mostBufferedBytes,
      onSlow: () => this.#end('slow'),
    });
    for (const bytes of this.#early.splice(0)) this.#writer.push(bytes);
    for (const resolve of this.#whenAttached.splice(0)) resolve();
  }

  lookAfter(nowMs: number): void {
    const { limits } = this.#options;
    if (nowMs >= this.#endsAtMs) {
      this.#end('token');
      return;
    }
    if (!this.#isEndTold && nowMs >= this.#endsAtMs - limits.tokenNoticeMs) {
      this.#isEndTold = true;
      this.#say('token-ends', { t: 'token-ends', inMs: Math.round(this.#endsAtMs - nowMs) });
    }
    if (nowMs < this.#nextBeatAtMs) return;
    this.#nextBeatAtMs = nowMs + jittered(limits.pingEveryMs);
    // A comment: proxies on the way see that the connection is of use.
    this.#push(Buffer.from(':\n\n'));
  }

  askToLeave(afterMs: number): void {
    this.#say('reconnect', { t: 'reconnect', afterMs });
    // Whoever reads events has no second connection to open first: it is ended when it should come again.
    this.#leaving = setTimeout(() => this.#end('restart'), afterMs);
  }

  sendAway(): void {
    this.#end('restart');
  }

  cut(): void {
    this.#response?.destroy();
  }

  #say(event: string, data: object, seq?: number): void {
    const id = seq === undefined ? '' : `id: ${seq}\n`;
    this.#push(Buffer.from(`event: ${event}\n${id}data: ${JSON.stringify(data)}\n\n`));
  }

  #push(bytes: Buffer): void {
    if (this.#isOver) return;
    if (this.#writer === undefined) this.#early.push(bytes);
    else this.#writer.push(bytes);
  }

  #end(why: 'lost' | 'slow' | 'token' | 'restart'): void {
    if (this.#isOver) return;
    this.#writer?.flush();
    this.#options.metrics.closed.inc({ kind: this.kind, code: why });
    const response = this.#response;
    this.#onClose();
    response?.end();
    if (why === 'slow') setTimeout(() => response?.destroy(), this.#options.limits.closeWithinMs);
  }

  #onClose(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#leaving);
    this.#early = [];
    for (const resolve of this.#whenAttached.splice(0)) resolve();
    this.#options.onEnd();
  }
}
