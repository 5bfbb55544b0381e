import { randomUUID } from 'node:crypto';
import { createHealth, createLogger, httpSettings, main, runParts } from '@payfan/service';
import { readSandboxConfig } from './config.ts';
import { mailWorld } from './mail-world.ts';
import { pushWorld } from './push-world.ts';
import { smsWorld } from './sms-world.ts';
import type { Part } from '@payfan/service';

main(async () => {
  const config = readSandboxConfig();
  const logger = createLogger({ service: 'sandbox', level: config.LOG_LEVEL });
  const health = createHealth({});
  const http = httpSettings(config);
  const options = { http, logger, health, now: Date.now, random: Math.random, newId: randomUUID };

  const parts: Part[] = [];
  if (config.SANDBOX_PARTS.includes('mail')) {
    parts.push(...mailWorld({ ...options, smtpPort: config.SMTP_PORT, httpPort: config.MAIL_PORT }).parts);
  }
  if (config.SANDBOX_PARTS.includes('sms')) {
    parts.push(...smsWorld({ ...options, httpPort: config.SMS_PORT }).parts);
  }
  if (config.SANDBOX_PARTS.includes('webpush')) {
    const { WEB_PUSH_PORT: httpPort, WEB_PUSH_URL: url } = config;
    parts.push(...pushWorld({ ...options, httpPort, url }).parts);
  }
  await runParts({ logger, health, parts });
});
