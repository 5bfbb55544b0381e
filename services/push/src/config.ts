import { channelConfigFields } from '@payfan/channel';
import { configFields, encryptionKeyField, readConfig } from '@payfan/service';
import { z } from 'zod';
import { HOST_PATTERN } from './web-push/endpoint.ts';
import { isKeyPair } from './web-push/vapid-keys.ts';
import { isReachableSubject } from './web-push/vapid-subject.ts';
import type { WebPushSettings } from './web-push/web-push.ts';

/** Of Chrome and its kin, Firefox, Edge, Safari. */
const PUSH_SERVICES = 'fcm.googleapis.com,*.push.services.mozilla.com,*.notify.windows.com,*.push.apple.com';

const PushConfig = z
  .object({
    ...channelConfigFields({ port: 4041, concurrency: 200 }),
    /** How far back an account's feed reaches. The database refuses less than 30. */
    FEED_DAYS: configFields.integer({ min: 30, max: 3_650, default: 90 }),
    /** Push services at which browsers may subscribe: where this service sends what it is told to. */
    WEB_PUSH_HOSTS: z
      .string()
      .default(PUSH_SERVICES)
      .transform((list) => list.split(',').map((host) => host.trim().toLowerCase()))
      .refine((hosts) => hosts.every((host) => HOST_PATTERN.test(host)))
      .describe('names of hosts separated by commas, such as fcm.googleapis.com or *.push.apple.com'),
    /** A stand-in for them, reached without TLS at a private address. For tests and the demo only. */
    WEB_PUSH_SANDBOX_URL: configFields.httpUrl().optional(),
    /** People's messages under way at once. */
    WEB_PUSH_CONCURRENCY: configFields.integer({ min: 1, max: 1_000, default: 50 }),
    /** A key pair of yours; else the database keeps one. */
    VAPID_PUBLIC_KEY: z.string().optional(),
    VAPID_PRIVATE_KEY: z.string().optional(),
    /** Encrypts the pair that the database keeps. */
    KEY_ENCRYPTION_KEY: encryptionKeyField,
    /** In a demo VAPID_SUBJECT may be the default, although no push service reaches anybody there. */
    PAYFAN_DEMO: configFields.flag(false),
    /** Where push services reach the operator. Apple's refuse messages if its domain cannot be resolved. */
    VAPID_SUBJECT: z
      .string()
      .regex(/^(mailto:[^@\s]+@[^@\s]+|https:\/\/\S+)$/)
      .default('mailto:operator@payfan.example')
      .describe('an address that begins with mailto: or https://'),
  })
  .refine(
    ({ VAPID_PUBLIC_KEY: publicKey, VAPID_PRIVATE_KEY: privateKey }) =>
      publicKey === undefined || privateKey === undefined
        ? publicKey === privateKey
        : isKeyPair({ publicKey, privateKey }),
    'VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY must be the two halves of one key pair, or neither be set',
  )
  .refine(({ PAYFAN_DEMO: isDemo, VAPID_SUBJECT: subject }) => isDemo || isReachableSubject(subject), {
    path: ['VAPID_SUBJECT'],
    message:
      'must be an address at a domain of yours that begins with mailto: or https://, as push services refuse names that cannot be resolved, such as payfan.example and localhost (unless PAYFAN_DEMO is true)',
  });

/** As the environment has it. */
export function config(env: NodeJS.ProcessEnv = process.env) {
  const { WEB_PUSH_HOSTS, WEB_PUSH_SANDBOX_URL, WEB_PUSH_CONCURRENCY, ...rest } = readConfig(PushConfig, env);
  const {
    VAPID_PUBLIC_KEY: publicKey,
    VAPID_PRIVATE_KEY: privateKey,
    VAPID_SUBJECT,
    KEY_ENCRYPTION_KEY,
    ...others
  } = rest;
  const webPush: WebPushSettings = {
    rules: { hosts: WEB_PUSH_HOSTS, sandboxUrl: WEB_PUSH_SANDBOX_URL },
    keys: publicKey === undefined || privateKey === undefined ? undefined : { publicKey, privateKey },
    encryption: KEY_ENCRYPTION_KEY,
    subject: VAPID_SUBJECT,
    concurrency: WEB_PUSH_CONCURRENCY,
    timeoutMs: others.SEND_TIMEOUT_MS,
    bulkShare: others.BULK_CPU_PERCENT / 100,
  };
  return { ...others, webPush };
}
