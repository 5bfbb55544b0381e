import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import type { Part } from '../lifecycle.ts';
import { BODY_TOTAL_MS } from './body-timeouts.ts';
import type { Logger } from '../logger.ts';
import type { Api } from './api.ts';
import type { HttpSettings } from './settings.ts';
import { tlsServer } from './tls.ts';

export interface HttpServerOptions {
  readonly api: Pick<Api, 'handler'>;
  /** 0 asks the system for a free one. */
  readonly port: number;
  /** Environment variable that sets the port, for the error that says so; `PORT` unless told. */
  readonly portVariable?: string;
  readonly logger: Logger;
  readonly http?: HttpSettings;
  /** How often a server with TLS looks for a new certificate. */
  readonly renewEveryMs?: number;
  /**
   * Takes connections that ask for another protocol, and closes them before the server is stopped: it waits
   * for requests, not for those.
   */
  readonly onUpgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** How long the headers of a request may take from their first byte, and a new connection until then. Tests shorten it. */
  readonly headersTimeoutMs?: number;
}

export interface HttpServer extends Part {
  /** The port listened on, once started. */
  readonly port: number;
}

/** Longer than balancers keep idle connections (60 s and less), so that the side that closes first is never the one being sent to. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
const RENEW_EVERY_MS = 10_000;

/** Beyond these Node answers 408 by itself, 431 for headers that are too large, and closes the connection. */
const HEADERS_TIMEOUT_MS = 15_000;
const MAX_HEADER_BYTES = 16 * 1024;
/** How often Node compares connections with their limits. */
const CHECK_EVERY_MS = 2_000;

/**
 * Serves an API: by https alone where `http` names a certificate. `stop()` takes no more connections, finishes the
 * requests that are under way, and closes all other connections.
 *
 * @throws {ConfigError} if the files of TLS cannot be used
 */
export function httpServer({
  api,
  port,
  portVariable = 'PORT',
  logger,
  http: { host, tls } = {},
  renewEveryMs = RENEW_EVERY_MS,
  onUpgrade,
  headersTimeoutMs = HEADERS_TIMEOUT_MS,
}: HttpServerOptions): HttpServer {
  /** By the client's address and port, which a connection keeps when TLS begins on it. */
  const sockets = new Map<string, Socket>();
  const underWay = new Set<ServerResponse>();
  let stopped: Promise<void> | undefined;

  const handle: RequestListener = (request, response) => {
    underWay.add(response);
    response.once('close', () => {
      underWay.delete(response);
      if (stopped !== undefined) closeUnused();
    });
    if (stopped !== undefined) response.setHeader('connection', 'close');
    api.handler(request, response);
  };
  const options = {
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    headersTimeout: headersTimeoutMs,
    requestTimeout: headersTimeoutMs + BODY_TOTAL_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    connectionsCheckingInterval: Math.min(CHECK_EVERY_MS, headersTimeoutMs),
    noDelay: true,
  };
  const server =
    tls === undefined
      ? createServer(options, handle)
      : tlsServer({
          files: tls,
          // A client that does not begin TLS is like one that sends no headers.
          options: { ...options, handshakeTimeout: headersTimeoutMs },
          ...{ handle, logger, renewEveryMs },
        });

  if (onUpgrade !== undefined) server.on('upgrade', onUpgrade);
  const keep = (socket: Socket) => {
    const client = `${socket.remoteAddress ?? ''} ${socket.remotePort ?? 0}`;
    sockets.set(client, socket);
    socket.once('close', () => {
      if (sockets.get(client) === socket) sockets.delete(client);
    });
  };
  server.on('connection', keep);
  server.on('secureConnection', keep);

  // Node's own closeIdleConnections() spares those that have not sent anything yet, and those whose answer
  // had begun when we stopped: either would keep us for a minute.
  const closeUnused = () => {
    const used = new Set([...underWay].map(({ req }) => req.socket));
    for (const socket of sockets.values()) if (!used.has(socket)) socket.destroySoon();
  };

  const boundPort = () => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  };

  return {
    name: 'http',
    get port() {
      return boundPort();
    },
    async start() {
      if (stopped !== undefined) return;
      await new Promise<void>((resolve, reject) => {
        const onError = (error: NodeJS.ErrnoException) =>
          reject(listenError(error, { port, portVariable, host }));
        server.once('error', onError);
        server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
          server.off('error', onError);
          resolve();
        });
      });
      logger.info({ port: boundPort(), tls: tls !== undefined }, `listening on port ${boundPort()}`);
    },
    async stop() {
      stopped ??= new Promise<void>((resolve) => {
        server.close(() => resolve());
        // Otherwise a client that goes on using its connection would keep us for as long as it likes.
        for (const response of underWay) if (!response.headersSent) response.setHeader('connection', 'close');
        closeUnused();
      });
      await stopped;
    },
  };
}

interface Listening {
  readonly port: number;
  readonly portVariable: string;
  readonly host: string | undefined;
}

function listenError(error: NodeJS.ErrnoException, { port, portVariable: variable, host }: Listening): Error {
  if (error.code === 'EADDRNOTAVAIL' && host !== undefined) {
    return new Error(`This machine has no address ${host}: set PAYFAN_BIND to one that it has`, {
      cause: error,
    });
  }
  if (error.code === 'EADDRINUSE') {
    return new Error(`Port ${port} is taken by another program: stop it, or set ${variable} to a free port`, {
      cause: error,
    });
  }
  if (error.code === 'EACCES') {
    return new Error(
      `Port ${port} needs privileges that this program lacks: set ${variable} to 1024 or above`,
      {
        cause: error,
      },
    );
  }
  return new Error(`Cannot listen on port ${port} (${error.message}): check ${variable}`, { cause: error });
}
