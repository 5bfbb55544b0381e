import { frameOf } from './frame.ts';

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;

/** An event on its way to whoever follows its topic. What it says is passed on as it came, and never parsed here. */
export class LiveMessage<Seq extends number | undefined = number | undefined> {
  readonly topic: string;
  /** Only on topics with a log. */
  readonly seq: Seq;
  /** JSON. */
  readonly body: Buffer;
  #frame: Buffer | undefined;
  #chunk: Buffer | undefined;

  constructor(topic: string, seq: Seq, body: Buffer) {
    this.topic = topic;
    this.seq = seq;
    this.body = body;
  }

  /** For WebSockets; made once for all of them. */
  get frame(): Buffer {
    this.#frame ??= frameOf(this.body);
    return this.#frame;
  }

  /** For server-sent events; made once for all of them. A number is what a client resumes from. */
  get chunk(): Buffer {
    this.#chunk ??= Buffer.concat([
      Buffer.from(this.seq === undefined ? 'data: ' : `id: ${this.seq}\ndata: `),
      onOneLine(this.body),
      Buffer.from('\n\n'),
    ]);
    return this.#chunk;
  }
}

/** A line of an event stream ends at a newline. In JSON one can only be white space between its parts. */
function onOneLine(body: Buffer): Buffer {
  if (!body.includes(NEWLINE) && !body.includes(RETURN)) return body;
  return Buffer.from(body.map((byte) => (byte === NEWLINE || byte === RETURN ? SPACE : byte)));
}
