import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { payfanFolder } from './paths.ts';

/** `.payfan/stack.json`: where everything is while `npm start` runs. A pid is left out for what isn't ours. */
export interface StackDescription {
  services: Record<string, { url: string; pid: number }>;
  infrastructure: {
    postgres: { url: string; pid?: number };
    rabbitmq: { url: string; managementUrl: string; pid?: number };
    /** `api` is left out when mail goes to a server of yours. */
    mail: { smtp: string; api?: string };
    sms: { url: string };
    webPush: { url: string };
  };
}

const stackFile = path.join(payfanFolder, 'stack.json');

/** Replaces the file in one step, so that a reader never sees half of it. */
export function writeStackFile(description: StackDescription, file: string = stackFile): void {
  mkdirSync(path.dirname(file), { recursive: true });
  // It holds passwords.
  writeFileSync(`${file}.new`, `${JSON.stringify(description, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function readStackFile(file: string = stackFile): StackDescription | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as StackDescription;
  } catch {
    return undefined;
  }
}

export function removeStackFile(file: string = stackFile): void {
  rmSync(file, { force: true });
}
