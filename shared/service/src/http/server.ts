import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Part } from '../lifecycle.ts';
import type { Logger } from '../logger.ts';
import type { Api } from './api.ts';

export interface HttpServerOptions {
  readonly api: Pick<Api, 'handler'>;
  /** 0 asks the system for a free one. */
  readonly port: number;
  readonly logger: Logger;
  /** All interfaces unless told. */
  readonly host?: string;
}

export interface HttpServer extends Part {
  /** The port listened on, once started. */
  readonly port: number;
}

/** Longer than balancers keep idle connections (60 s and less), so that the side that closes first is never the one being sent to. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;

/** Serves an API. `stop()` takes no more connections, finishes the requests that are under way, and closes the idle rest. */
export function httpServer({ api, port, logger, host }: HttpServerOptions): HttpServer {
  const underWay = new Set<ServerResponse>();
  let stopped: Promise<void> | undefined;

  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS },
    (request: IncomingMessage, response) => {
      underWay.add(response);
      response.once('close', () => underWay.delete(response));
      if (stopped !== undefined) response.setHeader('connection', 'close');
      api.handler(request, response);
    },
  );

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
        const onError = (error: NodeJS.ErrnoException) => reject(listenError(error, port));
        server.once('error', onError);
        server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
          server.off('error', onError);
          resolve();
        });
      });
      logger.info({ port: boundPort() }, `listening on port ${boundPort()}`);
    },
    async stop() {
      stopped ??= new Promise<void>((resolve) => {
        server.close(() => resolve());
        // Otherwise a client that goes on using its connection would keep us for as long as it likes.
        for (const response of underWay) if (!response.headersSent) response.setHeader('connection', 'close');
        server.closeIdleConnections();
      });
      await stopped;
    },
  };
}

function listenError(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code === 'EADDRINUSE') {
    return new Error(`Port ${port} is taken by another program: stop it, or set PORT to a free port`, {
      cause: error,
    });
  }
  if (error.code === 'EACCES') {
    return new Error(`Port ${port} needs privileges that this program lacks: set PORT to 1024 or above`, {
      cause: error,
    });
  }
  return new Error(`Cannot listen on port ${port} (${error.message}): check PORT`, { cause: error });
}
