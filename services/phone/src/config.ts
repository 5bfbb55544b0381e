import { channelConfigFields } from '@payfan/channel';
import { configFields, readConfig } from '@payfan/service';
import { z } from 'zod';

const PhoneConfig = z.object({
  ...channelConfigFields({ port: 4042, concurrency: 50 }),
  /** SMS gateways in the order of preference; the sandbox's, unless told. */
  SMS_URL: configFields.urls({ schemes: ['http', 'https'], default: 'http://127.0.0.1:8026' }),
});

export const config = () => readConfig(PhoneConfig);
