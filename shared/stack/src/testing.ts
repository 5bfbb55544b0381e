export * from './fresh.ts';
export { freePort } from './ports.ts';
export type { Exit } from './process.ts';
export type { Program } from './program.ts';
export { startPayfan, type Payfan, type PayfanOptions } from './start-payfan.ts';
export { startProgram, type StartProgramOptions } from './start-program.ts';
export { waitFor, WaitTimeout, type WaitOptions } from './wait.ts';
export { services } from './services.ts';
