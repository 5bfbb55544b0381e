export * from './fresh.ts';
export { findPostgres } from './postgres-binaries.ts';
export { findRabbitmqServer } from './rabbitmq-server.ts';
export { openManagement } from '@payfan/messaging/management';
export { canConnect, freePort } from './ports.ts';
export type { Exit } from './process.ts';
export { V8_FLAGS, type Program } from './program.ts';
export type { NativeServer, RabbitmqNode } from './native-servers.ts';
export { flood, startLongAnswer, type LongAnswer } from './long-answer.ts';
export { rowsReadByIndex } from './rows-read.ts';
export { startServers, type Servers } from './servers.ts';
export {
  LIMITS_OFF,
  openDemoAccounts,
  startPayfan,
  type Payfan,
  type PayfanOptions,
} from './start-payfan.ts';
export { startProgram, type StartProgramOptions } from './start-program.ts';
export { startSandbox, type Sandbox } from './start-sandbox.ts';
export { startTcpProxy, TcpProxy } from './tcp-proxy.ts';
export { testAuthority, writeKeyPair, type KeyPair, type TestAuthority } from './test-certificates.ts';
export { waitFor, WAIT_TIMEOUT_MS, WaitTimeout, type WaitOptions } from './wait.ts';
export { channelNames, services, web } from './services.ts';
export { variableOf } from '@payfan/contracts';
export { renderTable } from './table.ts';
export { withRun } from './test-run.ts';
export { openAdminDatabase } from './sql-names.ts';
