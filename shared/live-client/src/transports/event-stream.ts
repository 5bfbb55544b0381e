/** One event of a stream. */
export interface StreamedEvent {
  /** `message` unless told. */
  name: string;
  data: string;
}

/**
 * Reads `text/event-stream` as it comes, in pieces of any size:
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 * Numbers are taken from the events themselves, so `id` and `retry` say nothing new.
 */
export class EventStreamReader {
  #rest = '';
  #name = '';
  #data: string[] = [];
  #endedWithReturn = false;

  /** The events that are complete with this piece. */
  read(piece: string): StreamedEvent[] {
    // A line end of two characters may come in two pieces.
    const text = this.#endedWithReturn && piece.startsWith('\n') ? piece.slice(1) : piece;
    if (piece !== '') this.#endedWithReturn = piece.endsWith('\r');
    const lines = (this.#rest + text).split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.#line(line) ?? []);
  }

  #line(line: string): StreamedEvent | undefined {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#name = value;
    if (field === 'data') this.#data.push(value);
    return undefined;
  }

  #dispatch(): StreamedEvent | undefined {
    const event = { name: this.#name === '' ? 'message' : this.#name, data: this.#data.join('\n') };
    const isEmpty = this.#data.length === 0;
    this.#name = '';
    this.#data = [];
    return isEmpty ? undefined : event;
  }
}
