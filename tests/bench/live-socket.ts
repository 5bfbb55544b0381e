import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { LIVE_PROTOCOL, type ClientFrame } from '@payfan/contracts';

export interface LiveSocketOptions {
  /** `http://host:port`. */
  url: string;
  path?: string;
  key?: string;
  /** Called with the JSON of each event. */
  onEvent?: (json: Buffer) => void;
}

/** RFC 6455, 5.2. */
const MASKED = 0x80;
const FINAL_TEXT = 0x81;
const FINAL_PING = 0x89;
const FINAL_PONG = 0x8a;
const EVENT = Buffer.from('{"t":"event"');

/**
 * A WebSocket client that only counts, at a fraction of what a library's costs: on a small machine the load must
 * not cost more than what it measures. Takes one frame for one message.
 */
export class LiveSocket {
  readonly #socket: Socket;
  readonly #onEvent: ((json: Buffer) => void) | undefined;
  readonly #answers: ((json: Buffer) => void)[] = [];
  #rest: Buffer = Buffer.alloc(0);
  /** Received so far. */
  events = 0;

  private constructor(socket: Socket, onEvent: ((json: Buffer) => void) | undefined) {
    this.#socket = socket;
    this.#onEvent = onEvent;
  }

  /** Rejects if the handshake is refused. */
  static async open({ url, path = '/v1/live', key, onEvent }: LiveSocketOptions): Promise<LiveSocket> {
    const { hostname, port, host } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const live = new LiveSocket(socket, onEvent);
    const head = [
      `GET ${path} HTTP/1.1`,
      `Host: ${host}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
      `Sec-WebSocket-Protocol: ${LIVE_PROTOCOL}`,
      ...(key === undefined ? [] : [`Authorization: Bearer ${key}`]),
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    await live.#shakeHands();
    return live;
  }

  get receivedBytes(): number {
    return this.#socket.bytesRead;
  }

  get sentBytes(): number {
    return this.#socket.bytesWritten;
  }

  /** Sends a frame and resolves with its answer. One at a time. */
  async ask(frame: ClientFrame): Promise<Buffer> {
    const payload = Buffer.from(JSON.stringify(frame));
    if (payload.length >= 126) throw new RangeError('only short frames are sent here');
    // A mask of zeros leaves the payload as it is.
    this.#socket.write(
      Buffer.concat([Buffer.from([FINAL_TEXT, MASKED | payload.length, 0, 0, 0, 0]), payload]),
    );
    return new Promise((resolve) => this.#answers.push(resolve));
  }

  close(): void {
    this.#socket.destroy();
  }

  #shakeHands(): Promise<void> {
    return new Promise((resolve, reject) => {
      let heard = Buffer.alloc(0);
      const onData = (chunk: Buffer) => {
        heard = Buffer.concat([heard, chunk]);
        const end = heard.indexOf('\r\n\r\n');
        if (end < 0) return;
        this.#socket.off('data', onData);
        const status = heard.toString('latin1', 9, 12);
        if (status !== '101') {
          reject(new Error(`the handshake was answered with ${status}`));
          return;
        }
        this.#socket.on('data', (more: Buffer) => this.#hear(more));
        this.#hear(heard.subarray(end + 4));
        resolve();
      };
      this.#socket.on('data', onData);
      this.#socket.on('error', reject);
      this.#socket.on('close', () => reject(new Error('the connection ended during the handshake')));
    });
  }

  #hear(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (;;) {
      if (bytes.length < at + 2) break;
      const short = (bytes[at + 1] ?? 0) & 0x7f;
      const header = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (bytes.length < at + header) break;
      const length =
        short < 126
          ? short
          : short === 126
            ? bytes.readUInt16BE(at + 2)
            : Number(bytes.readBigUInt64BE(at + 2));
      if (bytes.length < at + header + length) break;
      if (bytes[at] === FINAL_TEXT) this.#take(bytes.subarray(at + header, at + header + length));
      else if (bytes[at] === FINAL_PING) this.#socket.write(Buffer.from([FINAL_PONG, MASKED, 0, 0, 0, 0]));
      at += header + length;
    }
    this.#rest = bytes.subarray(at);
  }

  #take(json: Buffer): void {
    if (json.subarray(0, EVENT.length).equals(EVENT)) {
      this.events += 1;
      this.#onEvent?.(json);
    } else {
      this.#answers.shift()?.(Buffer.from(json));
    }
  }
}
