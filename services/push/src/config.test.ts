import { ConfigError } from '@payfan/service';
import { config } from './config.ts';

const REQUIRED = {
  DATABASE_URL: 'postgres://me:pw@db/payfan',
  AMQP_URL: 'amqp://guest:guest@rabbit',
  SERVICE_KEY: 'k'.repeat(32),
};
const read = (env: Record<string, string>) => config({ ...REQUIRED, ...env });

test.each([{}, { VAPID_SUBJECT: 'mailto:operator@example.com' }, { VAPID_SUBJECT: 'https://localhost' }])(
  'outside a demo a subject at which no push service reaches anybody stops the start: %j',
  (env) => {
    expect(() => read(env)).toThrow(ConfigError);
    expect(() => read(env)).toThrow(/^VAPID_SUBJECT must be an address at a domain of yours/);
    expect(read({ ...env, PAYFAN_DEMO: 'true' }).webPush.subject).toMatch(/^(mailto|https):/);
  },
);

test('a subject that can be reached is used as it is', () => {
  expect(read({ VAPID_SUBJECT: 'mailto:operator@payfan.in' }).webPush.subject).toBe(
    'mailto:operator@payfan.in',
  );
});
