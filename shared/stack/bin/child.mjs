// Commands that the entry script runs to prepare things. None of them outlives it.
import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { clearTimeout, setTimeout } from 'node:timers';

const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

/** npm, asked to end, first undoes for half a minute what the next `npm ci` undoes anyway. */
const GRACE_MS = 1_000;

/** Ends of running commands, by what ends them. */
const running = new Set();
let interruptedBy;

/** Ctrl-C, or `kill`, came while something was being prepared. Every command has ended. */
export class Interrupted extends Error {
  constructor(signal) {
    super('Interrupted.');
    this.name = 'Interrupted';
    this.exitCode = EXIT_CODES[signal];
  }
}

export function throwIfInterrupted() {
  if (interruptedBy !== undefined) throw new Interrupted(interruptedBy);
}

/**
 * Runs a command to its end, without a terminal. Its lines go to `onLine` as they come, and all of
 * its output is in the answer. It leads a group of its own, as Ctrl-C must reach us alone.
 *
 * `gently` is for what must not be cut off half-way (a package installation): it is only asked to end.
 */
export async function run(command, args, { env, cwd, timeout, gently = false, onLine = () => {} } = {}) {
  throwIfInterrupted();
  const child = spawn(command, args, {
    env,
    cwd,
    timeout,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let killTimer;
  const end = (signal) => {
    if (child.pid === undefined) return;
    if (gently) {
      child.kill('SIGINT');
      return;
    }
    killGroup(child.pid, signal);
    killTimer = setTimeout(killGroup, GRACE_MS, child.pid, 'SIGKILL');
  };
  running.add(end);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text) => {
      output += text;
      for (const line of text.split('\n')) if (line.trim() !== '') onLine(line.trim());
    });
  }
  const ok = await new Promise((resolve) => {
    child.once('error', (error) => {
      output += `${error.message}\n`;
      resolve(false);
    });
    child.once('close', (code) => resolve(code === 0));
  });
  running.delete(end);
  clearTimeout(killTimer);
  throwIfInterrupted();
  return { ok, output };
}

/** Ends what runs, and nothing else: for a program that has more to do. */
export function endChildren(signal = 'SIGTERM') {
  running.forEach((end) => end(signal));
}

/** From here on a signal ends what runs, and then us. Answers how to take that back. */
export function endChildrenOnSignal() {
  const onExit = () => endChildren('SIGKILL');
  const onSignal = (signal) => {
    // A second one doesn't wait.
    if (interruptedBy !== undefined) process.exit(EXIT_CODES[signal]);
    interruptedBy = signal;
    endChildren();
  };
  const signals = Object.keys(EXIT_CODES);
  process.on('exit', onExit);
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    process.off('exit', onExit);
    for (const signal of signals) process.off(signal, onSignal);
  };
}

/** Keeps a failed command's whole output, and answers its end. */
export function outputTail(output, logFile, lines = 25) {
  mkdirSync(path.dirname(logFile), { recursive: true });
  appendFileSync(logFile, output);
  const all = output.trimEnd().split('\n');
  return `${all.slice(-lines).join('\n')}\n(All of it is in ${logFile}.)`;
}

function killGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}
