import { CLOSE_CODES, type ClientFrame, type Reply, type ServerFrame } from '@payfan/contracts';
import type { Logger, Principal, VerifiedToken, Verify } from '@payfan/service';
import type { Duplex } from 'node:stream';
import type { Counter } from 'prom-client';
import type { RawData, WebSocket } from 'ws';
import { readFrame, refusal, SNAPSHOT } from './client-frame.ts';
import { frameOf } from './frame.ts';
import { jittered, type Limits } from './limits.ts';
import type { LiveMessage } from './live-message.ts';
import type { Beginning, Subscriber } from './log-topic.ts';
import type { MayFollow } from './may-follow.ts';
import { howBegun, type GatewayMetrics } from './metrics.ts';
import type { Publish } from './publish.ts';
import { TokenBucket } from './token-bucket.ts';
import type { Following, TopicHub } from './topic-hub.ts';
import { mayPublish } from './topic-rights.ts';
import { Writer } from './writer.ts';

/** What every connection shares. */
export interface Surroundings {
  readonly hub: Pick<TopicHub, 'follow'>;
  readonly publish: Publish;
  readonly verify: Verify;
  readonly mayFollow: MayFollow;
  readonly limits: Limits;
  readonly logger: Logger;
  readonly metrics: GatewayMetrics;
}

type Frame<T extends ClientFrame['t']> = Extract<ClientFrame, { t: T }>;

interface Followed {
  /** Of the frame that asked for it. */
  readonly re: number;
  following: Following;
  /** False while it is found out whether it may be followed. */
  isAllowed: boolean;
  hasBegun: boolean;
}

/** Going away on our side: the client resumes elsewhere (RFC 6455, 7.4.1, and 1012 of its registry). */
export const SERVICE_RESTART = 1012;

/** One WebSocket: what its client asks for, and what it is told. */
export class Connection {
  readonly kind = 'websocket';
  readonly #ws: WebSocket;
  readonly #around: Surroundings;
  readonly #writer: Writer;
  readonly #delivered: Counter.Internal;
  readonly #frames: TokenBucket;
  readonly #topics = new Map<string, Followed>();
  readonly #openedAtMs = performance.now();
  #principal: Principal;
  #endsAtMs: number;
  #isEndTold = false;
  #nextPingAtMs: number;
  #pongByMs: number | undefined;
  #isClosing = false;
  #told = 0;

  /** @param socket the one beneath `ws`: events are framed once for all, and written past it */
  constructor(ws: WebSocket, socket: Duplex, verified: VerifiedToken, around: Surroundings) {
    this.#ws = ws;
    this.#around = around;
    this.#delivered = around.metrics.delivered.labels({ kind: this.kind });
    this.#principal = verified.principal;
    this.#endsAtMs = endOf(verified);
    this.#nextPingAtMs = this.#openedAtMs + jittered(around.limits.pingEveryMs);
    this.#frames = new TokenBucket(around.limits.framesPerSecond, this.#openedAtMs);
    this.#writer = new Writer({
      sink: socket,
      isOpen: () => ws.readyState === ws.OPEN && !this.#isClosing,
      mostBufferedBytes: around.limits.mostBufferedBytes,
      onSlow: () => this.close(CLOSE_CODES.slow, 'too slow: resume from what you have'),
    });
    ws.on('message', (data, isBinary) => this.#onMessage(data, isBinary));
    ws.on('ping', () => this.#mayGoOn());
    ws.on('pong', () => this.#onPong());
    // What the client did wrong is in the close code that `ws` sends; nobody else needs to know.
    ws.on('error', (error) => this.#around.logger.debug({ err: error }, 'websocket failed'));
    ws.once('close', (code) => this.#onClose(code));
  }

  /** Called about every second. */
  lookAfter(nowMs: number): void {
    const { limits } = this.#around;
    if (this.#isClosing) return;
    if (nowMs >= this.#endsAtMs) {
      this.close(CLOSE_CODES.tokenExpired, 'token expired: come back with another');
      return;
    }
    if (!this.#isEndTold && nowMs >= this.#endsAtMs - limits.tokenNoticeMs) {
      this.#isEndTold = true;
      this.#say({ t: 'token-ends', inMs: Math.round(this.#endsAtMs - nowMs) });
    }
    if (this.#pongByMs !== undefined) {
      if (nowMs >= this.#pongByMs) this.close(CLOSE_CODES.noPong, 'no pong');
    } else if (nowMs >= this.#nextPingAtMs) {
      this.#pongByMs = nowMs + limits.pongWithinMs;
      this.#ws.ping();
    }
  }

  /** Asks the client to open another connection in so many milliseconds, and then to close this one. */
  askToLeave(afterMs: number): void {
    this.#say({ t: 'reconnect', afterMs });
  }

  /** Ends it, at the latest after `closeWithinMs`. */
  close(code: number, reason: string): void {
    if (this.#isClosing) return;
    this.#writer.flush();
    // Flushing may have shown that it is slow.
    if (this.#isEnding()) return;
    this.#isClosing = true;
    this.#around.metrics.closed.inc({ kind: this.kind, code: String(code) });
    this.#endFollowing();
    this.#ws.close(code, reason);
    // A client that does not read never sees the close frame.
    const cut = setTimeout(() => this.#ws.terminate(), this.#around.limits.closeWithinMs);
    this.#ws.once('close', () => clearTimeout(cut));
  }

  #isEnding(): boolean {
    return this.#isClosing;
  }

  #onMessage(data: RawData, isBinary: boolean): void {
    if (this.#isClosing || !this.#mayGoOn()) return;
    if (isBinary || !Buffer.isBuffer(data)) {
      this.#say(refusal(null, 'invalid_frame', 'Frames are text.'));
      return;
    }
    const read = readFrame(data.toString());
    if ('refused' in read) this.#say(read.refused);
    else this.#handle(read.frame);
  }

  /** False once the client said more than it may. */
  #mayGoOn(): boolean {
    if (this.#frames.take(performance.now())) return true;
    this.close(CLOSE_CODES.rate, 'too many frames');
    return false;
  }

  #handle(frame: ClientFrame): void {
    switch (frame.t) {
      case 'subscribe':
        this.#subscribe(frame);
        break;
      case 'unsubscribe':
        this.#unsubscribe(frame);
        break;
      case 'publish':
        void this.#publish(frame);
        break;
      case 'token':
        void this.#renew(frame);
        break;
      case 'ack':
        // Where a client stands is its own matter: it says so when it resumes.
        if (this.#topics.has(frame.topic)) this.#agree(frame.id);
        else this.#refuseUnfollowed(frame);
        break;
      case 'ping':
        this.#agree(frame.id);
        break;
    }
  }

  #subscribe({ id, topic, after }: Frame<'subscribe'>): void {
    const { mayFollow, limits } = this.#around;
    const before = this.#topics.get(topic);
    if (before?.isAllowed === true && after === undefined) {
      this.#agree(id);
      return;
    }
    if (before === undefined && this.#topics.size >= limits.topics) {
      this.#say(refusal(id, 'too_many_topics', `A connection follows ${limits.topics} topics at most.`));
      return;
    }
    const allowed = mayFollow(this.#principal, topic);
    if (allowed === false) {
      this.#refuseForbidden({ id, topic });
      return;
    }
    if (before !== undefined) this.#forget(topic, before);
    const followed: Followed = { re: id, following: NOT_YET, isAllowed: false, hasBegun: false };
    this.#topics.set(topic, followed);
    if (typeof allowed === 'boolean') this.#follow(topic, after, followed);
    else void this.#followIf(allowed, topic, after, followed);
  }

  /** What others were asked about: by the time they answer, the client may have left the topic. */
  async #followIf(
    allowed: Promise<boolean>,
    topic: string,
    after: number | undefined,
    followed: Followed,
  ): Promise<void> {
    try {
      const isAllowed = await allowed;
      if (this.#topics.get(topic) !== followed) return;
      if (isAllowed) {
        this.#follow(topic, after, followed);
      } else {
        this.#topics.delete(topic);
        this.#refuseForbidden({ id: followed.re, topic });
      }
    } catch {
      this.#cannotFollow(topic, followed);
    }
  }

  #follow(topic: string, after: number | undefined, followed: Followed): void {
    followed.isAllowed = true;
    followed.following = this.#around.hub.follow(topic, after, this.#subscriber(followed, after));
    followed.following.begun.catch(() => this.#cannotFollow(topic, followed));
  }

  #cannotFollow(topic: string, followed: Followed): void {
    if (this.#topics.get(topic) !== followed) return;
    this.#topics.delete(topic);
    this.#around.metrics.begun.inc({ how: 'failed' });
    this.#say(refusal(followed.re, 'temporarily_unavailable', `${topic} cannot be followed now. Try again.`));
  }

  #subscriber(followed: Followed, after: number | undefined): Subscriber {
    const { metrics } = this.#around;
    return {
      begun: (beginning) => {
        followed.hasBegun = true;
        metrics.begun.inc({ how: howBegun(beginning, after !== undefined) });
        this.#say(begunReply(followed.re, beginning));
      },
      tell: (message) => this.#tell(message),
      hasRoom: () => this.#writer.hasRoom(),
      lost: () => this.close(SERVICE_RESTART, 'begin anew'),
    };
  }

  #tell(message: LiveMessage): void {
    this.#told += 1;
    this.#delivered.inc();
    this.#writer.push(message.frame);
  }

  #unsubscribe({ id, topic }: Frame<'unsubscribe'>): void {
    const followed = this.#topics.get(topic);
    if (followed === undefined) {
      this.#refuseUnfollowed({ id, topic });
      return;
    }
    this.#forget(topic, followed);
    this.#agree(id);
  }

  /** Ends it; whoever still waits for it to begin is told. */
  #forget(topic: string, followed: Followed): void {
    this.#topics.delete(topic);
    followed.following.end();
    if (!followed.hasBegun) this.#refuseUnfollowed({ id: followed.re, topic });
  }

  async #publish({ id, topic, type, data }: Frame<'publish'>): Promise<void> {
    const { publish, metrics } = this.#around;
    if (!mayPublish(this.#principal, topic)) {
      this.#say(refusal(id, 'forbidden', `You may not publish on ${topic}.`));
      return;
    }
    try {
      await publish({ topic, type, data });
      metrics.published.inc({ outcome: 'confirmed' });
      this.#agree(id);
    } catch (error) {
      metrics.published.inc({ outcome: 'failed' });
      this.#around.logger.warn({ err: error, topic }, 'event of a client not published');
      this.#say(refusal(id, 'temporarily_unavailable', 'The broker does not take it now. Try again.'));
    }
  }

  async #renew({ id, token }: Frame<'token'>): Promise<void> {
    try {
      const verified = await this.#around.verify(token);
      if (verified === undefined) {
        this.#say(refusal(id, 'unauthenticated', 'The token is not valid, or has expired.'));
      } else if (ownerOf(verified.principal) !== ownerOf(this.#principal)) {
        this.#say(refusal(id, 'forbidden', 'The token is of somebody else.'));
        this.close(CLOSE_CODES.forbidden, 'token of somebody else');
      } else {
        this.#principal = verified.principal;
        this.#endsAtMs = endOf(verified);
        this.#isEndTold = false;
        this.#agree(id);
        this.#endIfGrantsAreGone();
      }
    } catch (error) {
      this.#around.logger.warn({ err: error }, 'token of a client not checked');
      this.#say(refusal(id, 'temporarily_unavailable', 'The token cannot be checked now. Try again.'));
    }
  }

  /** A renewed token may carry fewer grants: the client connects again and is refused what is no longer granted. */
  #endIfGrantsAreGone(): void {
    const { mayFollow } = this.#around;
    const isGone = (topic: string) => mayFollow(this.#principal, topic) === false;
    if ([...this.#topics.keys()].some(isGone)) {
      this.close(CLOSE_CODES.tokenExpired, 'the grants have changed: connect again');
    }
  }

  #agree(re: number): void {
    this.#say({ re, ok: true });
  }

  #refuseUnfollowed({ id, topic }: { id: number; topic: string }): void {
    this.#say(refusal(id, 'not_subscribed', `You do not follow ${topic}.`));
  }

  #refuseForbidden({ id, topic }: { id: number; topic: string }): void {
    this.#say(refusal(id, 'forbidden', `You may not follow ${topic}.`));
  }

  #say(what: ServerFrame): void {
    this.#writer.push(frameOf(Buffer.from(JSON.stringify(what))));
  }

  #onPong(): void {
    this.#pongByMs = undefined;
    this.#nextPingAtMs = performance.now() + jittered(this.#around.limits.pingEveryMs);
  }

  #onClose(code: number): void {
    this.#isClosing = true;
    this.#endFollowing();
    this.#around.logger.info(
      {
        owner: ownerOf(this.#principal),
        code,
        seconds: Math.round((performance.now() - this.#openedAtMs) / 1_000),
        events: this.#told,
      },
      'websocket closed',
    );
  }

  #endFollowing(): void {
    for (const { following } of this.#topics.values()) following.end();
    this.#topics.clear();
  }
}

const NOT_YET: Following = { begun: Promise.resolve(), end: () => undefined };

function begunReply(re: number, { seq, historyGone }: Beginning): Reply {
  const at = seq === undefined ? {} : { seq };
  if (!historyGone) return { re, ok: true, ...at };
  const detail = 'The log no longer reaches back so far. Read the snapshot; what follows seq is told live.';
  return {
    re,
    ok: false,
    ...at,
    error: { code: 'history_gone', retryable: false, detail, snapshot: SNAPSHOT },
  };
}

/** As read by `performance.now()`: a clock that is set must not end anything. */
export const endOf = ({ expiresAtMs }: VerifiedToken): number =>
  performance.now() + (expiresAtMs - Date.now());

/** Who it is, whatever token says so. */
function ownerOf(principal: Principal): string {
  switch (principal.kind) {
    case 'account':
      return `account ${principal.accountId}`;
    case 'operator':
      return `operator ${principal.name}`;
    case 'service':
      return `service ${principal.name}`;
  }
}
