import { channelConfigFields } from '@payfan/channel';
import { configFields, readConfig } from '@payfan/service';
import { z } from 'zod';

const PushConfig = z.object({
  ...channelConfigFields({ port: 4041, concurrency: 200 }),
  /** How far back an account's feed reaches. The database refuses less than 30. */
  FEED_DAYS: configFields.integer({ min: 30, max: 3_650, default: 90 }),
});

export const config = () => readConfig(PushConfig);
