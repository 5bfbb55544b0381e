export { runCommand, type Command } from './main.ts';
export type { Progress } from './progress.ts';
export { readStackFile, type StackDescription } from './stack-file.ts';
