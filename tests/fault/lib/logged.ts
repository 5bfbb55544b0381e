import type { Program } from '@payfan/stack/testing';

/** How often a program has logged this so far: a message, or a part of its line. */
export function logged(program: Program, text: string): number {
  return program
    .output()
    .split('\n')
    .filter((line) => line.includes(text)).length;
}
