import { CHANNEL_NAME } from '@payfan/contracts';
import { configFields, httpConfigFields, readConfig } from '@payfan/service';
import { z } from 'zod';

const DEFAULT_CHANNELS = 'push=http://127.0.0.1:4041,phone=http://127.0.0.1:4042,email=http://127.0.0.1:4043';

const OperationsConfig = z.object({
  PORT: configFields.port(4030),
  ...httpConfigFields,
  LOG_LEVEL: configFields.logLevel,
  /** Pages that may use the API. */
  ALLOWED_ORIGINS: configFields.origins,
  TRANSACTION_URL: configFields.httpUrl('http://127.0.0.1:4000'),
  SERVICE_KEY: configFields.serviceKey,
  /** Whose a payout is, is asked there. */
  PAYOUT_URL: configFields.httpUrl('http://127.0.0.1:4020'),
  /** Where each channel answers. */
  CHANNELS: z
    .string()
    .default(DEFAULT_CHANNELS)
    .transform((list) => new Map(list.split(',').map((item) => split(item.trim()))))
    .refine((channels) => [...channels].every(([name, url]) => CHANNEL_NAME.test(name) && isHttpUrl(url)))
    .describe(
      'name=URL pairs separated by commas, such as push=http://127.0.0.1:4041,email=http://127.0.0.1:4043',
    ),
  /** A host name of several addresses means as many gateways. */
  GATEWAY_URLS: configFields.urls({ schemes: ['http', 'https'], default: 'http://127.0.0.1:4010' }),
  /** Its user needs the tag `monitoring`, and nothing more: the queues are only looked at. */
  RABBITMQ_MANAGEMENT_URL: configFields
    .httpUrl('http://guest:guest@127.0.0.1:15672')
    .describe(
      "the URL of RabbitMQ's management API with its user and password, such as http://user:password@host:15672; which vhost is said by RABBITMQ_VHOST",
    ),
  RABBITMQ_VHOST: configFields
    .text('/')
    .describe('the name of the vhost that holds the queues, as AMQP_URL has it at its end; / if it has none'),
});

export const config = () => readConfig(OperationsConfig);

const split = (item: string): [string, string] => {
  const at = item.indexOf('=');
  return [item.slice(0, at), item.slice(at + 1)];
};
const isHttpUrl = (text: string) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
