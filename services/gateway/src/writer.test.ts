import { EventEmitter } from 'node:events';
import { Writer, type Sink } from './writer.ts';

/** A socket whose other side reads when it is told to. */
class Socket extends EventEmitter implements Sink {
  readonly writes: string[] = [];
  writableLength = 0;
  reads = true;
  write(bytes: Buffer): boolean {
    this.writes.push(bytes.toString());
    if (!this.reads) this.writableLength += bytes.length;
    return this.reads;
  }
  drain(): void {
    this.writableLength = 0;
    this.emit('drain');
  }
}

const LIMIT = 1_000;
function writing() {
  const socket = new Socket();
  const state = { isOpen: true, slow: 0 };
  const writer = new Writer({
    sink: socket,
    isOpen: () => state.isOpen,
    mostBufferedBytes: LIMIT,
    onSlow: () => (state.slow += 1),
  });
  return { socket, state, writer };
}
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const text = (length: number) => Buffer.alloc(length, 'x');

test('what is said in one turn leaves in one write', async () => {
  const { socket, writer } = writing();
  for (const word of ['one', 'two', 'three']) writer.push(Buffer.from(word));
  await turn();
  writer.push(Buffer.from('four'));
  await turn();
  expect(socket.writes).toEqual(['onetwothree', 'four']);
});

test('a lot leaves before the turn ends, so that little waits here', () => {
  const { socket, writer } = writing();
  for (let count = 0; count < 70; count += 1) writer.push(text(1_024));
  expect(socket.writes.map(({ length }) => length)).toEqual([64 * 1_024]);
});

test('a reader that does not keep up is found out once, and nothing more is kept for it', async () => {
  const { socket, state, writer } = writing();
  socket.reads = false;
  for (let count = 0; count < 100; count += 1) {
    writer.push(text(300));
    await turn();
  }
  expect(state.slow).toBe(1);
  expect(socket.writableLength).toBeLessThanOrEqual(LIMIT + 300);
});

test('nothing is written to what is closed', async () => {
  const { socket, state, writer } = writing();
  writer.push(text(1));
  state.isOpen = false;
  await turn();
  expect(socket.writes).toEqual([]);
});

test('there is room again when what waited has been read, or when nobody reads any more', async () => {
  for (const end of ['drain', 'close'] as const) {
    const { socket, state, writer } = writing();
    socket.reads = false;
    writer.push(text(500));
    let hasRoom = false;
    const room = writer.hasRoom().then(() => (hasRoom = true));
    await turn();
    expect(hasRoom).toBe(false);
    if (end === 'drain') socket.drain();
    state.isOpen = end === 'drain';
    socket.emit(end);
    await room;
    expect(socket.listenerCount('drain') + socket.listenerCount('close')).toBe(0);
  }
});
