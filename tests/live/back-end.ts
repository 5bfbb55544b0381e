import { LIVE_PATH, LIVE_PROTOCOL, type LiveEvent, type Reply } from '@payfan/contracts';
import WebSocket from 'ws';

type Said = { t: 'subscribe'; topic: string } | { t: 'publish'; topic: string; type: string; data: unknown };

/** One connection by which frames are asked, and what it is told. */
export class BackEnd {
  readonly events: LiveEvent[] = [];
  /** When it is closed: the code. */
  readonly closed: Promise<number>;
  readonly ws: WebSocket;
  readonly #answers = new Map<number | null, (reply: Reply) => void>();
  #lastId = 0;

  private constructor(ws: WebSocket) {
    this.ws = ws;
    this.closed = new Promise((resolve) => ws.once('close', resolve));
    ws.on('error', () => undefined);
    ws.on('message', (data: Buffer) => {
      for (const frame of [JSON.parse(data.toString()) as LiveEvent | Reply].flat()) {
        if ('re' in frame) this.#answers.get(frame.re)?.(frame);
        else this.events.push(frame);
      }
    });
  }

  /** @param url of a gateway */
  static async connect(url: string, bearer: string): Promise<BackEnd> {
    const ws = new WebSocket(`${url.replace('http', 'ws')}${LIVE_PATH}`, [LIVE_PROTOCOL], {
      headers: { authorization: `Bearer ${bearer}` },
      perMessageDeflate: false,
    });
    const backEnd = new BackEnd(ws);
    await new Promise((resolve, reject) => ws.once('open', resolve).once('error', reject));
    return backEnd;
  }

  /** Resolves when it is done; rejects if it is refused. */
  ask(frame: Said): Promise<void> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#answers.set(id, ({ ok, error }) => {
        this.#answers.delete(id);
        if (ok) resolve();
        else reject(new Error(`${frame.t} ${frame.topic} was refused: ${error?.code ?? 'nobody knows why'}`));
      });
      this.ws.send(JSON.stringify({ id, ...frame }));
    });
  }
}
