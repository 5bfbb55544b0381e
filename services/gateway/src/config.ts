import { configFields, httpConfigFields, readConfig } from '@payfan/service';
import { z } from 'zod';

const GatewayConfig = z.object({
  PORT: configFields.port(4010),
  ...httpConfigFields,
  LOG_LEVEL: configFields.logLevel,
  AMQP_URL: configFields.amqpUrl,
  TRANSACTION_URL: configFields.httpUrl('http://127.0.0.1:4000'),
  /** Who keeps the feeds. */
  PUSH_URL: configFields.httpUrl('http://127.0.0.1:4041'),
  /** Who knows whose a payout is. */
  PAYOUT_URL: configFields.httpUrl('http://127.0.0.1:4020'),
  SERVICE_KEY: configFields.serviceKey,
  /** Pages that may connect. */
  ALLOWED_ORIGINS: configFields.origins,
  CONNECTIONS_PER_ACCOUNT: configFields.integer({ min: 1, max: 1_000_000, default: 20 }),
  CONNECTIONS_PER_ADDRESS: configFields.integer({ min: 1, max: 1_000_000, default: 200 }),
  /** Topics that one connection may follow. */
  TOPICS_PER_CONNECTION: configFields.integer({ min: 1, max: 100_000, default: 100 }),
  /** Frames that a client may send, on average; four times as many at once. */
  FRAMES_PER_SECOND: configFields.integer({ min: 1, max: 100_000, default: 50 }),
  /** Handshakes under way, and in any second; beyond it clients are told to come back. */
  HANDSHAKES_MAX: configFields.integer({ min: 1, max: 100_000, default: 500 }),
  /** What may wait for a client that does not read; beyond it the client has to resume. */
  BUFFER_BYTES: configFields.integer({ min: 4_096, max: 1_073_741_824, default: 1_048_576 }),
  PING_EVERY_MS: configFields.integer({ min: 100, max: 600_000, default: 25_000 }),
  PONG_WITHIN_MS: configFields.integer({ min: 100, max: 600_000, default: 8_000 }),
  /** How often what was told is compared with the log, on average. */
  AUDIT_EVERY_MS: configFields.integer({ min: 100, max: 600_000, default: 20_000 }),
  /** Over which clients are asked to leave when it stops; with two seconds more it must fit into ten. */
  DRAIN_WINDOW_MS: configFields.integer({ min: 0, max: 7_000, default: 5_000 }),
});

export const config = () => readConfig(GatewayConfig);
