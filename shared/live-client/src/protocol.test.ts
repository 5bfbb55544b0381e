import { readFrame } from './protocol.ts';
import { eventOf } from './testing/simulated-world.ts';

const event = eventOf('account.asha', 7);

test.each([
  ['an event', event, [{ t: 'event', event }]],
  [
    'several in one frame',
    [event, event],
    [
      { t: 'event', event },
      { t: 'event', event },
    ],
  ],
  ['an answer', { re: 3, ok: true, seq: 9 }, [{ t: 'reply', reply: { re: 3, ok: true, seq: 9 } }]],
  ['a request to move', { t: 'reconnect', afterMs: 5 }, [{ t: 'reconnect', afterMs: 5 }]],
  ['the end of a token', { t: 'token-ends', inMs: 5 }, [{ t: 'token-ends', inMs: 5 }]],
  ['what a newer gateway may say', { t: 'weather' }, []],
  ['an event without a topic', { t: 'event', id: '1', type: 'x' }, []],
  ['an event with half a number', { ...event, seq: 1.5 }, []],
  ['an answer to what could not be read', { re: null, ok: false }, []],
  ['no object', 7, []],
])('%s', (_what, frame, said) => {
  expect(readFrame(JSON.stringify(frame))).toEqual(said);
});

test('no JSON', () => {
  expect(() => readFrame('{')).toThrow(SyntaxError);
});
