import { isDemo } from './demo-mode.ts';

test('the stack is a demo unless PAYFAN_DEMO is false', () => {
  expect([{}, { PAYFAN_DEMO: '' }, { PAYFAN_DEMO: 'true' }, { PAYFAN_DEMO: 'false' }].map(isDemo)).toEqual([
    ...[true, true, true],
    false,
  ]);
});

test.each(['0', 'no', 'False'])('PAYFAN_DEMO=%s is refused with what it may be', (value) => {
  expect(() => isDemo({ PAYFAN_DEMO: value })).toThrow('PAYFAN_DEMO must be true or false');
});

test.each(['0.0.0.0', '::', '192.168.1.7', 'pay.local', '127.0.0.1.example.com'])(
  'a demo does not listen on %s, which is not this machine alone; without demo accounts the stack does',
  (bind) => {
    expect(() => isDemo({ PAYFAN_BIND: bind })).toThrow(/PAYFAN_BIND is .* PAYFAN_DEMO=false/);
    expect(() => isDemo({ PAYFAN_BIND: bind, PAYFAN_DEMO: 'true' })).toThrow('PAYFAN_BIND');
    expect(isDemo({ PAYFAN_BIND: bind, PAYFAN_DEMO: 'false' })).toBe(false);
  },
);

test.each(['127.0.0.1', '127.0.1.1', '::1', 'localhost', ''])('a demo listens on %j', (bind) => {
  expect(isDemo({ PAYFAN_BIND: bind })).toBe(true);
});
