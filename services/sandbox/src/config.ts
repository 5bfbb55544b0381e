import { configFields, readConfig } from '@payfan/service';
import { z } from 'zod';

const PARTS = ['mail', 'sms'] as const;

const Environment = z.object({
  LOG_LEVEL: configFields.logLevel,
  SMTP_PORT: configFields.port(1025),
  MAIL_PORT: configFields.port(8025),
  SMS_PORT: configFields.port(8026),
  SANDBOX_PARTS: z
    .string()
    .default('mail,sms')
    .transform((list) => list.split(',').map((name) => name.trim()))
    .pipe(z.array(z.enum(PARTS)).min(1))
    .describe(`${PARTS.join(' or ')}, or both separated by a comma`),
});

export type SandboxConfig = z.output<typeof Environment>;

/** @throws {ConfigError} */
export function readSandboxConfig(env?: NodeJS.ProcessEnv): SandboxConfig {
  return readConfig(Environment, env);
}
