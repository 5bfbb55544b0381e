import { assertDemoIsLocal } from './demo-listener.ts';

test.each(['0.0.0.0', '::', '192.168.1.7', '2001:db8::7', '127.0.0.1.example.com'])(
  'a demo does not answer on %s, which other machines can reach; without demo keys Payfan does',
  (bind) => {
    expect(() => assertDemoIsLocal({ PAYFAN_BIND: bind, PAYFAN_DEMO: 'true' })).toThrow(
      `PAYFAN_BIND is ${bind}, so other machines could use the demo's keys`,
    );
    for (const demo of [{}, { PAYFAN_DEMO: '' }, { PAYFAN_DEMO: 'false' }])
      assertDemoIsLocal({ PAYFAN_BIND: bind, ...demo });
  },
);

test.each([{}, { PAYFAN_BIND: '' }, { PAYFAN_BIND: '127.0.0.1' }, { PAYFAN_BIND: '::1' }])(
  'a demo answers on this machine: %j',
  (env) => assertDemoIsLocal({ ...env, PAYFAN_DEMO: 'true' }),
);
