// Jest as a process of its own, on our terminal; answers its exit code.
import { spawn } from 'node:child_process';
import path from 'node:path';

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

export function runJest(repository, args) {
  const jest = path.join(repository, 'node_modules/jest/bin/jest.js');
  const child = spawn(process.execPath, [jest, ...args], { cwd: repository, stdio: 'inherit' });
  // Ctrl-C on a terminal reaches it too, and twice does no harm; `kill` reaches only us.
  for (const signal of Object.keys(SIGNALS)) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? SIGNALS[signal] ?? 1));
  });
}
