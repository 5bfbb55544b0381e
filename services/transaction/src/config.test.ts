import { ConfigError } from '@payfan/service';
import { config } from './config.ts';

const REQUIRED = { DATABASE_URL: 'postgres://me:pw@db/payfan', AMQP_URL: 'amqp://guest:guest@rabbit' };
const LONG = 'k'.repeat(32);
const read = (env: Record<string, string>) => config({ ...REQUIRED, ...env });

test.each(['SERVICE_KEYS', 'OPERATOR_KEYS'])(
  'a short key in %s stops the start outside a demo',
  (variable) => {
    const short = { [variable]: `first=${LONG},second=${LONG.slice(1)}` };
    expect(() => read(short)).toThrow(ConfigError);
    expect(() => read(short)).toThrow(
      new RegExp(`key of second in ${variable} must have at least 32 characters`),
    );
    expect(() => read({ ...short, PAYFAN_DEMO: 'true' })).not.toThrow();
    expect(() => read({ [variable]: `first=${LONG}` })).not.toThrow();
  },
);

function errorOf(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

test('no sentence about a wrong key shows the key', () => {
  for (const value of ['first=hunter2', 'first=hunter2,first=hunter2', 'hunter2']) {
    for (const variable of ['SERVICE_KEYS', 'OPERATOR_KEYS']) {
      const error = errorOf(() => read({ [variable]: value }));
      expect(error).toBeInstanceOf(ConfigError);
      expect((error as Error).message).not.toContain('hunter2');
    }
  }
});

test('keys belong to the service or operator that they are named for; the demo has its own beside them', () => {
  const env = {
    SERVICE_KEYS: `gateway=${LONG},shop=s${LONG}`,
    SERVICE_GRANTS: 'gateway=feeds|payout-owners',
    OPERATOR_KEYS: `mira=m${LONG}`,
  };
  const named = [
    { key: LONG, owner: { kind: 'service', name: 'gateway', grants: ['feeds', 'payout-owners'] } },
    { key: `s${LONG}`, owner: { kind: 'service', name: 'shop', grants: [] } },
    { key: `m${LONG}`, owner: { kind: 'operator', name: 'mira' } },
  ];
  expect(read(env).KNOWN_KEYS).toEqual(named);
  const inDemo = read({ ...env, PAYFAN_DEMO: 'true' }).KNOWN_KEYS;
  expect(inDemo.slice(0, 3)).toEqual(named);
  expect(inDemo.slice(3).map(({ key }) => key)).toEqual([
    ...['demo_asha', 'demo_ravi', 'demo_meera', 'demo_operator', 'demo_service'],
  ]);
});
