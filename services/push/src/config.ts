import { channelConfigFields } from '@payfan/channel';
import { readConfig } from '@payfan/service';
import { z } from 'zod';

const PushConfig = z.object(channelConfigFields({ port: 4041, concurrency: 200 }));

export const config = () => readConfig(PushConfig);
