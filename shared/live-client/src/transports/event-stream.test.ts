import fc from 'fast-check';
import { EventStreamReader } from './event-stream.ts';

const readAll = (pieces: string[]) => {
  const reader = new EventStreamReader();
  return pieces.flatMap((piece) => reader.read(piece));
};

test('events, comments, names and data of several lines', () => {
  const text =
    'retry: 2000\n\n: beat\nid: 7\ndata: one\n\nevent: two\ndata:a\ndata: b\nid\n\ndata\n\nevent: lost\n\n';
  expect(readAll([text])).toEqual([
    { name: 'message', data: 'one' },
    { name: 'two', data: 'a\nb' },
    { name: 'message', data: '' },
  ]);
});

test('it does not matter where a piece ends, nor how lines do', () => {
  const line = fc.constantFrom('data: x', 'data: y z', ': c', '', 'event: n', 'id: 1');
  const end = fc.constantFrom('\n', '\r\n', '\r');
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 12 }),
      end,
      fc.array(fc.nat({ max: 5 })),
      (lines, ending, cuts) => {
        const text = lines.map((one) => one + ending).join('');
        const pieces: string[] = [];
        let at = 0;
        for (const cut of cuts) pieces.push(text.slice(at, (at += cut)));
        pieces.push(text.slice(at));
        const plain = lines.map((one) => `${one}\n`).join('');
        expect(readAll(pieces)).toEqual(readAll([plain]));
      },
    ),
  );
});
