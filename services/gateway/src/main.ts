import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { LIVE_EXCHANGE, LIVE_TOPICS_EXCHANGE, liveTopicsTopology } from '@payfan/contracts';
import { openBroker } from '@payfan/messaging';
import {
  createApi,
  createHealth,
  createLogger,
  createMetrics,
  httpServer,
  httpSettings,
  main,
  remoteVerifier,
  runParts,
} from '@payfan/service';
import { Audit } from './audit.ts';
import { config } from './config.ts';
import { Connections } from './connections.ts';
import { FeedClient } from './feed-client.ts';
import { problemFor } from './http/admission.ts';
import { eventsRoute } from './http/events.ts';
import { operatingRoutes } from './http/operating.ts';
import { streamRoute } from './http/stream.ts';
import { WebSocketDoor } from './http/websocket.ts';
import { LIMITS } from './limits.ts';
import { followRule } from './may-follow.ts';
import { createGatewayMetrics, gauge } from './metrics.ts';
import { PayoutOwners } from './payout-owners.ts';
import { publisher } from './publish.ts';
import { Retry } from './retry.ts';
import { Seats } from './seats.ts';
import { Shards } from './shards.ts';
import { TopicHub } from './topic-hub.ts';

/** As long as a client takes to come back, or to poll again. */
const LINGER_MS = 30_000;

main(async () => {
  const settings = config();
  const name = 'gateway';
  const logger = createLogger({ service: name, level: settings.LOG_LEVEL });
  const registry = createMetrics(name);
  const metrics = createGatewayMetrics(registry);
  const retry = new Retry({ firstMs: 100, longestMs: 5_000 });

  const broker = openBroker({ urls: settings.AMQP_URL, name, log: logger, topology: liveTopicsTopology });
  const accounts = broker.subscribe({
    exchange: LIVE_EXCHANGE,
    onMessage: (message) => hub.receive(LIVE_EXCHANGE, message),
    onRestored: () => void hub.check(),
  });
  const topics = broker.subscribe({
    exchange: LIVE_TOPICS_EXCHANGE,
    onMessage: (message) => hub.receive(LIVE_TOPICS_EXCHANGE, message),
    // Topics without a log have no history from which missed events could be read.
    onRestored: () => undefined,
  });
  const feeds = new FeedClient({
    pushUrl: settings.PUSH_URL,
    serviceKey: settings.SERVICE_KEY,
    logger,
    reads: metrics.reads,
    pause: retry.pause,
  });
  const shards = new Shards({
    bindings: { [LIVE_EXCHANGE]: accounts, [LIVE_TOPICS_EXCHANGE]: topics },
    lingerMs: LINGER_MS,
  });
  const hub = new TopicHub({ shards, feeds, pause: retry.pause, logger, metrics });
  const audit = new Audit({ hub, logger, metrics, everyMs: settings.AUDIT_EVERY_MS });

  // Feeds are read from push: without the broker events only arrive later, with the next audit.
  const health = createHealth({ broker: { check: () => broker.ping(), required: 'once' } });
  const verify = remoteVerifier({
    transactionUrl: settings.TRANSACTION_URL,
    serviceKey: settings.SERVICE_KEY,
  });
  const seats = new Seats({
    perAccount: settings.CONNECTIONS_PER_ACCOUNT,
    perAddress: settings.CONNECTIONS_PER_ADDRESS,
  });
  const connections = new Connections({ drainWindowMs: settings.DRAIN_WINDOW_MS });
  const limits = {
    ...LIMITS,
    topics: settings.TOPICS_PER_CONNECTION,
    framesPerSecond: settings.FRAMES_PER_SECOND,
    mostBufferedBytes: settings.BUFFER_BYTES,
    pingEveryMs: settings.PING_EVERY_MS,
    pongWithinMs: settings.PONG_WITHIN_MS,
  };
  const owners = new PayoutOwners({
    payoutUrl: settings.PAYOUT_URL,
    serviceKey: settings.SERVICE_KEY,
    logger,
  });
  const mayFollow = followRule(owners);
  const around = {
    hub,
    publish: publisher(broker),
    verify,
    mayFollow,
    limits,
    logger,
    metrics,
  };
  const door = new WebSocketDoor({
    around,
    connections,
    seats,
    health,
    allowedOrigins: settings.ALLOWED_ORIGINS,
    trustedProxies: settings.TRUSTED_PROXIES,
    handshakesMax: settings.HANDSHAKES_MAX,
  });
  const http = httpSettings(settings);
  const api = createApi({
    title: 'Payfan gateway',
    description: 'What happens, as it happens: by WebSocket, as server-sent events, and by polling.',
    version: '1.0.0',
    http,
    logger,
    health,
    metrics: registry,
    authenticate: async (bearer, caller) => (await verify(bearer, caller))?.principal,
    allowedOrigins: settings.ALLOWED_ORIGINS,
    problemFor,
  });
  const admission = {
    verify,
    mayFollow,
    seats,
    health,
    trustedProxies: settings.TRUSTED_PROXIES,
  };
  streamRoute(api, { ...admission, hub, connections, limits, metrics });
  eventsRoute(api, { ...admission, hub, feeds, connections, metrics });
  operatingRoutes(api, {
    id: `${hostname().slice(0, 64)}-${process.pid}-${randomBytes(3).toString('hex')}`,
    connections,
    hub,
    health,
    uptimeSeconds: () => process.uptime(),
    drain: () => process.kill(process.pid, 'SIGTERM'),
  });
  gauge(registry, {
    name: 'gateway_connections',
    help: 'Clients connected now, by kind',
    read: () => connections.counts,
  });
  gauge(registry, {
    name: 'gateway_topics',
    help: 'Topics followed now: with a log, without, and patterns',
    read: () => hub.counts,
  });

  const server = httpServer({ api, http, port: settings.PORT, logger, onUpgrade: door.onUpgrade });
  await runParts({
    logger,
    health,
    parts: [broker, accounts, topics, hub, retry, audit, server, connections],
  });
});
