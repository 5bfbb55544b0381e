import { BEARER_PROTOCOL_PREFIX } from '../live-protocol.ts';
import { brokerChannels } from './broker-channels.ts';
import { brokerOperations } from './broker-operations.ts';
import type { AsyncApi } from './format.ts';
import { componentMessages } from './messages.ts';
import { componentSchemas } from './schemas.ts';
import { websocketChannel, websocketOperations } from './websocket-channel.ts';

export type { AsyncApi, Channel, Ref } from './format.ts';

const DESCRIPTION = `How money that moved becomes alerts, and what clients are told as it happens. Made from \`shared/contracts\`, so do not edit it: \`npm run docs\` writes it, and \`npm run check\` finds it stale.

Channels have the names of exchanges and queues. AsyncAPI has no place for a queue's arguments, its bindings and a WebSocket's close codes: they are in \`x-arguments\`, \`x-bindings\` and \`x-close-codes\`. All messages on durable queues may come more than once; the \`message-id\` tells. Readers pass over fields that they do not know.

The gateway tells the same as on its WebSocket by server-sent events and by polling. These, and what push tells browsers that are closed, are requests: see \`/docs\` on gateway and push.`;

/**
 * The AsyncAPI 3.0 document of everything asynchronous: exchanges and queues, the gateway's WebSocket, and which
 * service does what on them.
 *
 * @param channels the services that tell people, by their names: `email`
 */
export function asyncApiDocument({ channels }: { channels: readonly string[] }): AsyncApi {
  return {
    asyncapi: '3.0.0',
    id: 'urn:payfan',
    info: { title: 'Payfan', version: '1.0.0', description: DESCRIPTION },
    servers: {
      rabbitmq: {
        host: 'localhost:5672',
        protocol: 'amqp',
        protocolVersion: '0.9.1',
        description: 'RabbitMQ 3.10 or later. For services only',
        security: [{ $ref: '#/components/securitySchemes/brokerUser' }],
      },
      gateway: {
        host: 'localhost:4010',
        protocol: 'ws',
        description: 'Any number of gateways; for browsers and back ends',
        security: [
          { $ref: '#/components/securitySchemes/bearer' },
          { $ref: '#/components/securitySchemes/bearerProtocol' },
        ],
      },
    },
    channels: { ...brokerChannels(channels), ...websocketChannel() },
    operations: { ...brokerOperations(channels), ...websocketOperations() },
    components: {
      messages: componentMessages(),
      schemas: componentSchemas(),
      securitySchemes: {
        brokerUser: { type: 'userPassword' },
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API key, or a token from `POST /v1/tokens` of the transaction service',
        },
        bearerProtocol: {
          type: 'httpApiKey',
          in: 'header',
          name: 'Sec-WebSocket-Protocol',
          description: `For browsers, which cannot set headers: a second subprotocol \`${BEARER_PROTOCOL_PREFIX}<token>\``,
        },
      },
    },
  };
}
