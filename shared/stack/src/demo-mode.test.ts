import { isDemo } from './demo-mode.ts';

test('the stack is a demo unless PAYFAN_DEMO is false', () => {
  expect([{}, { PAYFAN_DEMO: '' }, { PAYFAN_DEMO: 'true' }].map((env) => isDemo(env))).toEqual([
    ...[true, true, true],
  ]);
  expect(isDemo({ PAYFAN_DEMO: 'false' })).toBe(false);
});

test.each(['0', 'no', 'False'])('PAYFAN_DEMO=%s is refused with what it may be', (value) => {
  expect(() => isDemo({ PAYFAN_DEMO: value })).toThrow('PAYFAN_DEMO must be true or false');
});

test('the stack listens on further addresses only without demo accounts', () => {
  expect(() => isDemo({ PAYFAN_BIND: '0.0.0.0' })).toThrow(/PAYFAN_BIND is 0\.0\.0\.0.*PAYFAN_DEMO to false/);
  expect(isDemo({ PAYFAN_BIND: '0.0.0.0', PAYFAN_DEMO: 'false' })).toBe(false);
  expect(isDemo({ PAYFAN_BIND: '127.0.0.1' })).toBe(true);
});
