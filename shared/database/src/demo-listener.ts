import { SetupConfigError } from '@payfan/contracts';

const LOOPBACK = /^(127(\.\d{1,3}){3}|::1)$/;

/**
 * The keys of a demo are public, so a demo must answer on this machine alone.
 *
 * @throws {SetupConfigError} where `PAYFAN_DEMO=true` and `PAYFAN_BIND` is an address that other machines can reach
 */
export function assertDemoIsLocal(env: NodeJS.ProcessEnv): void {
  const bind = env['PAYFAN_BIND']?.trim() ?? '';
  if (env['PAYFAN_DEMO'] !== 'true' || bind === '' || LOOPBACK.test(bind)) return;
  throw new SetupConfigError(
    `PAYFAN_DEMO is true and PAYFAN_BIND is ${bind}, so other machines could use the demo's keys, which are public. ` +
      'Set PAYFAN_BIND to 127.0.0.1, or PAYFAN_DEMO to false.',
  );
}
