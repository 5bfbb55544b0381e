// Jest, and other long work, as a process of its own on our terminal.
import { spawn } from 'node:child_process';
import path from 'node:path';

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

export function runJest(repository, args) {
  return runNode(repository, ['node_modules/jest/bin/jest.js', ...args]);
}

/** Any program of ours, the same way; the script is named from the root of the repository. */
export function runNode(repository, [script, ...args]) {
  const file = path.join(repository, script);
  const child = spawn(process.execPath, [file, ...args], { cwd: repository, stdio: 'inherit' });
  // Ctrl-C on a terminal reaches it too, and twice does no harm; `kill` reaches only us.
  for (const signal of Object.keys(SIGNALS)) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? SIGNALS[signal] ?? 1));
  });
}

/** What Jest is told for one of our commands; `bench` has no Jest, and gets what was given. Throws a UsageError, which has an exit code. */
export function jestArguments(command, args) {
  if (command === 'test') return args;
  if (command === 'test:browser') {
    process.env.PAYFAN_SCREENSHOTS = String(args.includes('--screenshots'));
    return ['--config', 'tests/browser/jest.config.mjs', ...args.filter((arg) => arg !== '--screenshots')];
  }
  // Servers that are killed and frozen are processes of this machine, Docker or not.
  process.env.PAYFAN_INFRA = 'native';
  if (command === 'bench') return args;
  const config = ['--config', 'tests/fault/jest.config.mjs'];
  if (command === 'test:fault') return [...config, ...args];
  const minutes = args[0] === '--minutes' ? Number(args[1]) : 10;
  if (!(minutes > 0) || ![0, 2].includes(args.length)) {
    throw new UsageError('soak takes --minutes and a number, such as --minutes 30');
  }
  process.env.PAYFAN_SOAK_MINUTES = String(minutes);
  return [...config, '--runInBand', '--testMatch', '<rootDir>/tests/fault/*.soak.ts'];
}

class UsageError extends Error {
  name = 'UsageError';
  exitCode = 2;
}
