import { LIVE_PATH, LIVE_PROTOCOL } from '@payfan/contracts';
import WebSocket from 'ws';
import type { Told } from './tally.ts';

export interface LightClientOptions {
  /** Of gateways; may grow. The client stays with one until that is gone, then turns to the next. */
  urls: readonly string[];
  topic: string;
  /** An API key or a token. */
  bearer: string;
}

/** Between two attempts to reach anybody. */
const NOBODY_THERE_MS = 50;

/** Says when to come back, and nothing more. */
interface Refusal {
  /** Of the gateway that refused. */
  url: string;
  status: number | undefined;
  retryAfterSeconds: number;
}

/** The least that follows a topic without loss: it resumes from what it has, and comes back when it is told to. */
export class LightClient implements Told {
  readonly topic: string;
  readonly told: number[] = [];
  readonly refusals: Refusal[] = [];
  /** Connections that came about. */
  opened = 0;
  readonly #options: LightClientOptions;
  /** The gateway that it is connected to, or tries to reach. */
  at = '';
  #turn = 0;
  #ws: WebSocket;
  #again: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(options: LightClientOptions) {
    this.topic = options.topic;
    this.#options = options;
    this.#ws = this.#connect();
  }

  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#again);
    this.#ws.terminate();
  }

  #connect(): WebSocket {
    const { urls, bearer, topic } = this.#options;
    const url = urls[this.#turn % urls.length] ?? '';
    this.at = url;
    const ws = new WebSocket(`${url.replace('http', 'ws')}${LIVE_PATH}`, [LIVE_PROTOCOL], {
      headers: { authorization: `Bearer ${bearer}` },
      perMessageDeflate: false,
    });
    let wasOpen = false;
    let againInMs: number | undefined;
    ws.once('open', () => {
      wasOpen = true;
      this.opened += 1;
      ws.send(JSON.stringify({ id: 1, t: 'subscribe', topic, after: this.told.at(-1) ?? 0 }));
    });
    ws.on('message', (data: Buffer) => {
      for (const { t, seq } of [JSON.parse(data.toString()) as { t?: string; seq?: number }].flat()) {
        if (t === 'event') this.told.push(seq ?? 0);
      }
    });
    ws.once('unexpected-response', (_request, { statusCode, headers }) => {
      const retryAfterSeconds = Number(headers['retry-after']);
      this.refusals.push({ url, status: statusCode, retryAfterSeconds });
      againInMs = retryAfterSeconds * 1_000;
      ws.terminate();
    });
    // A close follows, whatever it was.
    ws.on('error', () => undefined);
    ws.once('close', () => {
      if (this.#isOver) return;
      // Whoever says when to come back is there.
      if (againInMs === undefined) this.#turn += 1;
      this.#again = setTimeout(
        () => {
          this.#ws = this.#connect();
        },
        againInMs ?? (wasOpen ? 0 : NOBODY_THERE_MS),
      );
    });
    return ws;
  }
}
