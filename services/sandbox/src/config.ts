import { configFields, httpConfigFields, readConfig } from '@payfan/service';
import { z } from 'zod';

const PARTS = ['mail', 'sms', 'webpush'] as const;

const Environment = z.object({
  LOG_LEVEL: configFields.logLevel,
  ...httpConfigFields,
  SMTP_PORT: configFields.port(1025),
  MAIL_PORT: configFields.port(8025),
  SMS_PORT: configFields.port(8026),
  WEB_PUSH_PORT: configFields.port(8027),
  /** What push endpoints begin with, if senders reach the sandbox by another address than 127.0.0.1. */
  WEB_PUSH_URL: configFields.url({ schemes: ['http', 'https'] }).optional(),
  SANDBOX_PARTS: z
    .string()
    .default('mail,sms,webpush')
    .transform((list) => list.split(',').map((name) => name.trim()))
    .pipe(z.array(z.enum(PARTS)).min(1))
    .describe(`one of ${PARTS.join(', ')}, or several separated by commas`),
});

export type SandboxConfig = z.output<typeof Environment>;

/** @throws {ConfigError} */
export function readSandboxConfig(env?: NodeJS.ProcessEnv): SandboxConfig {
  return readConfig(Environment, env);
}
