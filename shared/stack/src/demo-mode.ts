import { setting } from './setting.ts';

class BadDemoSetting extends Error {
  override readonly name = 'BadDemoSetting';
}

const LOOPBACK = /^(127(\.\d{1,3}){3}|::1|localhost)$/;

/**
 * Whether the stack has demo accounts with publicly known keys: yes unless `PAYFAN_DEMO=false`.
 *
 * @throws {BadDemoSetting} for another value, and for a demo that other machines could reach by `PAYFAN_BIND`
 */
export function isDemo(env: NodeJS.ProcessEnv = process.env): boolean {
  const demo = setting('PAYFAN_DEMO', env) ?? 'true';
  if (demo !== 'true' && demo !== 'false') {
    throw new BadDemoSetting(`PAYFAN_DEMO must be true or false, but it is "${demo}".`);
  }
  const bind = setting('PAYFAN_BIND', env) ?? '127.0.0.1';
  if (demo === 'true' && !LOOPBACK.test(bind)) {
    throw new BadDemoSetting(
      `PAYFAN_BIND is "${bind}", which other machines can reach, and the demo's keys are public. ` +
        'PAYFAN_BIND may be 127.0.0.1; or set PAYFAN_DEMO=false, and OPERATOR_KEYS=name=key for your operators.',
    );
  }
  return demo === 'true';
}
