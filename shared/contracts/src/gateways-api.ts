import { z } from 'zod';

/** What one gateway tells of itself: answer of its `GET /v1/gateway`. */
export const GatewayStatus = z
  .object({
    id: z.string().max(100).meta({
      description: 'Of this process: whoever starts in its place has another',
      example: 'host-7-3f9a1c',
    }),
    connections: z.object({ websocket: z.int(), sse: z.int(), polling: z.int() }).meta({
      description: 'Clients connected now, by transport; of polls, those that wait',
    }),
    topics: z.int().meta({ description: 'Topics and patterns that somebody follows there now' }),
    draining: z.boolean().meta({ description: 'It stops: its clients are asked to move' }),
    uptimeSeconds: z.int(),
  })
  .meta({ id: 'GatewayStatus' });
export type GatewayStatus = z.output<typeof GatewayStatus>;

const status = GatewayStatus.shape;

/** One gateway of the fleet, whether or not it answers. */
export const Gateway = z
  .object({
    id: z.string().meta({ description: 'Its own; of one that does not answer, its address' }),
    address: z.string().meta({ example: 'http://172.18.0.7:4010' }),
    connections: status.connections.nullable(),
    topics: status.topics.nullable(),
    draining: status.draining.nullable(),
    uptimeSeconds: status.uptimeSeconds.nullable(),
    error: z.string().nullable().meta({
      description: 'Why nothing is known of it; what it would tell is null then',
    }),
  })
  .meta({ id: 'Gateway' });
export type Gateway = z.output<typeof Gateway>;

/** Answer of `GET /v1/gateways`. */
export const GatewayList = z.object({ data: z.array(Gateway) }).meta({ id: 'GatewayList' });
export type GatewayList = z.output<typeof GatewayList>;

/** Answer to whoever asks a gateway to end. */
export const GatewayDrain = z
  .object({ id: z.string(), draining: z.literal(true) })
  .meta({ id: 'GatewayDrain' });
export type GatewayDrain = z.output<typeof GatewayDrain>;
