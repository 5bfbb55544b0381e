export { BrokerAdmin, type BrokerAdminOptions, type TakenMessage } from './broker-admin.ts';
export { RecordingLog, type LogLine } from './recording-log.ts';
