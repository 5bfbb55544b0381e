import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { LIVE_PROTOCOL, ServerFrame, type ClientFrame, type LiveEvent, type Reply } from '@payfan/contracts';
import { waitFor } from '@payfan/stack/testing';
import { WebSocket, type ClientOptions } from 'ws';

export interface ConnectOptions extends ClientOptions {
  /** A key or token for the Authorization header. */
  key?: string;
  protocols?: string[];
}

/** A frame without its id, which the client counts itself. */
type Said = ClientFrame extends infer F ? (F extends ClientFrame ? Omit<F, 'id'> : never) : never;

/** One WebSocket, and everything that was said on it. Whatever it is told must be of the protocol. */
export class TestClient {
  readonly ws: WebSocket;
  readonly frames: ServerFrame[] = [];
  /** When it is closed: the code. */
  readonly closed: Promise<number>;
  #lastId = 0;

  private constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on('message', (data: Buffer) => this.frames.push(ServerFrame.parse(JSON.parse(data.toString()))));
    this.closed = new Promise((resolve) => ws.once('close', (code) => resolve(code)));
  }

  /** @param url of a gateway: `http://…` */
  static async connect(url: string, options: ConnectOptions = {}): Promise<TestClient> {
    const { key, protocols = [LIVE_PROTOCOL], headers, ...rest } = options;
    const ws = new WebSocket(`${url.replace('http', 'ws')}/v1/live`, protocols, {
      ...rest,
      headers: { ...headers, ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
    });
    const client = new TestClient(ws);
    await once(ws, 'open');
    return client;
  }

  /** Says something, and answers the id it said it under. */
  say(frame: Said): number {
    this.#lastId += 1;
    this.ws.send(JSON.stringify({ id: this.#lastId, ...frame }));
    return this.#lastId;
  }

  /** Says something, and resolves with the reply. */
  async ask(frame: Said): Promise<Reply> {
    const id = this.say(frame);
    return this.reply(id);
  }

  async reply(id: number | null): Promise<Reply> {
    let found: Reply | undefined;
    const isThere = () => {
      found = this.frames.find((frame): frame is Reply => 're' in frame && frame.re === id);
      return Promise.resolve(found !== undefined);
    };
    await waitFor(isThere, { what: `the reply to ${id}` });
    if (found === undefined) throw new Error('it was there a moment ago');
    return found;
  }

  get events(): LiveEvent[] {
    return this.frames.flat().filter((frame): frame is LiveEvent => 't' in frame && frame.t === 'event');
  }

  /** Resolves with the numbers told, once there are so many. */
  async numbers(count: number, timeoutMs = 15_000): Promise<(number | undefined)[]> {
    await waitFor(() => Promise.resolve(this.events.length >= count), {
      what: `${count} events (there are ${this.events.length})`,
      timeoutMs,
    });
    return this.events.map(({ seq }) => seq);
  }

  /** Resolves once an event like this has been told. */
  async told(isMeant: (event: LiveEvent) => boolean, timeoutMs = 60_000): Promise<void> {
    await waitFor(() => Promise.resolve(this.events.some(isMeant)), { what: 'an event', timeoutMs });
  }

  async close(): Promise<void> {
    this.ws.close();
    await this.closed;
  }
}

/** How a handshake is answered: 101 if it is taken. */
export async function handshake(
  url: string,
  { key, protocols = [LIVE_PROTOCOL], headers }: ConnectOptions = {},
): Promise<{ status: number; retryAfter: string | undefined }> {
  const ws = new WebSocket(`${url.replace('http', 'ws')}/v1/live`, protocols, {
    headers: { ...headers, ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
  });
  // That it failed is the answer.
  ws.on('error', () => undefined);
  const answer = await new Promise<IncomingMessage>((resolve) => {
    ws.once('upgrade', resolve);
    ws.once('unexpected-response', (_request, response) => resolve(response));
  });
  ws.terminate();
  return { status: answer.statusCode ?? 0, retryAfter: answer.headers['retry-after'] };
}

/** Those that a test has connected; whoever is still there at its end is ended. */
export class TestClients {
  readonly #clients: TestClient[] = [];

  async connect(...args: Parameters<typeof TestClient.connect>): Promise<TestClient> {
    const client = await TestClient.connect(...args);
    this.#clients.push(client);
    return client;
  }

  /** Without a word. */
  terminate(): void {
    for (const client of this.#clients.splice(0)) client.ws.terminate();
  }

  /** As a browser leaves. */
  async close(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.close()));
  }
}
