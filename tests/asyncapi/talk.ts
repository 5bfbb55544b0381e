import type { ClientRequest } from 'node:http';
import { LIVE_PATH, LIVE_PROTOCOL } from '@payfan/contracts';
import { waitFor } from '@payfan/stack/testing';
import { WebSocket } from 'ws';

export interface TalkOptions {
  /** Beside the protocol of ours. */
  protocols?: string[];
  headers?: Record<string, string>;
}

/** A WebSocket client that knows nothing of the protocol, and keeps all that was said. */
export class Talk {
  readonly said: string[] = [];
  readonly heard: string[] = [];
  /** Headers of the handshake as they went out, by the names that the document has for them. */
  readonly handshake: Record<string, unknown>;
  readonly closed: Promise<number>;
  readonly #ws: WebSocket;

  private constructor(ws: WebSocket, handshake: Record<string, unknown>) {
    this.#ws = ws;
    this.handshake = handshake;
    ws.on('message', (data: Buffer, isBinary) => this.heard.push(isBinary ? '' : data.toString()));
    this.closed = new Promise((resolve) => ws.once('close', (code) => resolve(code)));
  }

  /** @param url of a gateway: `http://…` */
  static async open(url: string, { protocols = [], headers = {} }: TalkOptions): Promise<Talk> {
    const sent: Record<string, unknown> = {};
    const ws = new WebSocket(url.replace('http', 'ws') + LIVE_PATH, [LIVE_PROTOCOL, ...protocols], {
      headers,
      finishRequest: (request: ClientRequest) => {
        for (const name of request.getRawHeaderNames()) sent[name] = request.getHeader(name);
        request.end();
      },
    });
    const talk = new Talk(ws, sent);
    await new Promise((resolve, reject) => ws.once('open', resolve).once('error', reject));
    return talk;
  }

  /** The subprotocol that was chosen. */
  get protocol(): string {
    return this.#ws.protocol;
  }

  say(frame: object | string): void {
    const text = typeof frame === 'string' ? frame : JSON.stringify(frame);
    this.said.push(text);
    this.#ws.send(text);
  }

  /** Resolves once something was heard that has these words in it. */
  async until(words: string): Promise<void> {
    await waitFor(() => Promise.resolve(this.heard.some((text) => text.includes(words))), {
      what: `hearing ${words} (heard: ${this.heard.join(' ')})`,
    });
  }

  async close(): Promise<void> {
    this.#ws.close();
    await this.closed;
  }
}
