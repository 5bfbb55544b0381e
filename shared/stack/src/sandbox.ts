import { programUnit } from './program.ts';
import { localHost } from './setting.ts';
import type { Unit } from './unit.ts';

export interface SandboxPorts {
  smtp: number;
  /** The inbox over HTTP, with MailHog's API. */
  mail: number;
  sms: number;
  webpush: number;
}

/** Parts of the outside world that answer over HTTP, each on its port. */
export type SandboxPart = 'mail' | 'sms' | 'webpush';

export const SANDBOX_ENTRY = 'services/sandbox/dist/main.js';

export const smtpUrl = (ports: SandboxPorts): string => `smtp://${localHost()}:${ports.smtp}`;
export const mailUrl = (ports: SandboxPorts): string => `http://${localHost()}:${ports.mail}`;
export const smsUrl = (ports: SandboxPorts): string => `http://${localHost()}:${ports.sms}`;
export const webPushUrl = (ports: SandboxPorts): string => `http://${localHost()}:${ports.webpush}`;

/** What the sandbox is told. Its parts: the outside world that nobody else plays. */
export function sandboxEnvironment(
  ports: SandboxPorts,
  parts: readonly SandboxPart[],
): Record<string, string> {
  return {
    SMTP_PORT: String(ports.smtp),
    MAIL_PORT: String(ports.mail),
    SMS_PORT: String(ports.sms),
    WEB_PUSH_PORT: String(ports.webpush),
    SANDBOX_PARTS: parts.join(','),
  };
}

/** What tells that it is ready. */
export function sandboxReadyUrls(ports: SandboxPorts, parts: readonly SandboxPart[]): string[] {
  return parts.map((part) => `http://${localHost()}:${ports[part]}/readyz`);
}

export interface SandboxOptions {
  ports: SandboxPorts;
  parts: readonly SandboxPart[];
  logFile: string;
  runFolder: string;
}

/** The outside world on one machine: an inbox for mail, a gateway for text messages and a push service. */
export function sandboxUnit({ ports, parts, logFile, runFolder }: SandboxOptions): Unit {
  return programUnit({
    name: 'sandbox',
    entry: SANDBOX_ENTRY,
    port: parts.includes('sms') ? ports.sms : ports.webpush,
    env: sandboxEnvironment(ports, parts),
    readyUrls: sandboxReadyUrls(ports, parts),
    logFile,
    runFolder,
  });
}
