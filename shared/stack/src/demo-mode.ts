import { assertDemoIsLocal } from '@payfan/database';
import { bindAddress, setting } from './setting.ts';

class BadDemoSetting extends Error {
  constructor(value: string) {
    super(`PAYFAN_DEMO must be true or false, but it is ${JSON.stringify(value)}.`);
    this.name = 'BadDemoSetting';
  }
}

/**
 * Whether the stack has demo accounts with publicly known keys: yes unless `PAYFAN_DEMO=false`.
 *
 * @throws for another value, and for a demo that other machines could reach by `PAYFAN_BIND`
 */
export function isDemo(env: NodeJS.ProcessEnv = process.env): boolean {
  const demo = setting('PAYFAN_DEMO', env) ?? 'true';
  if (demo !== 'true' && demo !== 'false') throw new BadDemoSetting(demo);
  assertDemoIsLocal({ PAYFAN_DEMO: demo, PAYFAN_BIND: bindAddress(env) });
  return demo === 'true';
}
