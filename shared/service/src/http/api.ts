import { hash, timingSafeEqual } from 'node:crypto';
import { parse as parseQuery } from 'node:querystring';
import express from 'express';
import helmet from 'helmet';
import { AnswerTimeouts } from './answer-timeouts.ts';
import { answerError, answerUntaken, sendResult } from './answer.ts';
import { hasBody } from './body.ts';
import { BodyTimeouts } from './body-timeouts.ts';
import { crossOrigin } from './cors.ts';
import { docsPages } from './docs.ts';
import { EXACT, exactPaths } from './exact-paths.ts';
import { exchangeBeginner, exchangeOf, PROBE_PATHS } from './exchange.ts';
import { Intake } from './intake.ts';
import { openApiDocument } from './openapi.ts';
import { bearerOf, createOperation, unauthenticated } from './operation.ts';
import type { ErrorRequestHandler, Express, RequestHandler, Router } from 'express';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { Registry } from 'prom-client';
import type { z } from 'zod';
import { runInContext } from '../context.ts';
import type { Authenticate } from '../auth.ts';
import { registerHealthMetrics } from '../metrics.ts';
import type { Health } from '../health.ts';
import type { Logger } from '../logger.ts';
import type { Problem } from '../problem.ts';
import type { ApiInfo } from './openapi.ts';
import type { Operation } from './operation.ts';
import type { HttpSettings } from './settings.ts';
import type {
  AnyHandler,
  AnyRoute,
  HandlerInput,
  HandlerResult,
  NoFields,
  Responses,
  Route,
} from './route.ts';

export interface ApiOptions extends ApiInfo {
  readonly logger: Logger;
  readonly health: Health;
  readonly metrics: Registry;
  /** Needed as soon as one route has `auth: 'required'`. */
  readonly authenticate?: Authenticate;
  readonly http?: HttpSettings;
  /** Pages of these origins may use the API: `https://app.example.com`. None unless told. */
  readonly allowedOrigins?: readonly string[];
  /** Knows errors that are no bugs, such as a database that is away, and how to tell the client. */
  readonly problemFor?: (error: unknown) => Problem | undefined;
  /** For tests: other bounds for request bodies, and another tick for the time limits of requests. */
  readonly bodyBounds?: { readonly bytes?: number; readonly tickMs?: number };
}

export interface Api {
  /** Adds an operation. Errors that the handler throws become problems. */
  route<
    const Auth extends 'none' | 'required',
    const R extends Responses,
    Params extends z.ZodObject = NoFields,
    Query extends z.ZodObject = NoFields,
    Headers extends z.ZodObject = NoFields,
    Body extends z.ZodType = z.ZodUndefined,
  >(
    route: Route<Auth, Params, Query, Headers, Body, R>,
    handler: (
      input: HandlerInput<Auth, Params, Query, Headers, Body>,
    ) => HandlerResult<NoInfer<R>> | Promise<HandlerResult<NoInfer<R>>>,
  ): void;
  /** For what `route()` cannot say, such as pages. Comes after the routes, under helmet's headers. */
  readonly app: Express;
  /** The whole, with the chassis around `app`: what a server calls. */
  readonly handler: RequestListener;
}

const NO_PARAMS = {};
const NO_QUERY = {};

/** Scripts from our own origin only. Inline styles are allowed, since Swagger UI sets them. */
const pageHeaders = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      'default-src': ["'self'"],
      'script-src': ["'self'"],
      'style-src': ["'self'", "'unsafe-inline'"],
      'img-src': ["'self'", 'data:'],
      'object-src': ["'none'"],
      'base-uri': ["'self'"],
      'form-action': ["'self'"],
      'frame-ancestors': ["'none'"],
    },
  },
  // Whether there is TLS is known where it ends, which is in front of us.
  strictTransportSecurity: false,
});

/** An HTTP API with everything that each of ours has: probes, metrics, ids, one log line per request, problems, docs. */
export function createApi(options: ApiOptions): Api {
  const { logger, health, metrics, authenticate, http = {}, problemFor = () => undefined } = options;
  const { metricsToken, docs = true, trustedProxies = 0 } = http;
  const routes = express.Router(EXACT);
  const pages = express();
  const app = express();
  const described: AnyRoute[] = [];
  const operationsByPath = new Map<string, Map<string, Operation>>();
  /** Those that a request's path may be looked up in as it is: without parameters. */
  const operationsByLiteral = new Map<string, ReadonlyMap<string, Operation>>();
  const begin = exchangeBeginner({ logger, metrics, trustedProxies });
  const isAnsweredAcrossOrigins = crossOrigin(options.allowedOrigins ?? []);
  const fail = answerError(problemFor);
  registerHealthMetrics(metrics, health);
  const intake = new Intake(metrics, options.bodyBounds?.bytes);
  const { tickMs } = options.bodyBounds ?? {};
  const tick = tickMs === undefined ? {} : { tickMs };
  const bodyTimeouts = new BodyTimeouts({
    fail,
    onTimeout: (reason) => intake.countRefusal(reason),
    ...tick,
  });
  const answerTimeouts = new AnswerTimeouts({ fail, ...tick });
  // Express knows an error handler by its four parameters.
  const failInExpress: ErrorRequestHandler = (error, _request, response, _next) => fail(error, response);

  app.disable('x-powered-by').disable('etag').set('query parser', 'simple');
  app.enable('case sensitive routing').enable('strict routing');
  pages.disable('x-powered-by');
  app.use(exactPaths);
  app.use(probes({ health, metrics, metricsToken }));
  if (docs) app.get('/openapi.json', openApi(options, described));
  app.use(routes);
  app.use(pageHeaders);
  if (docs) app.use(docsPages(options.title));
  app.use(pages);
  app.use(answerUntaken);
  app.use(failInExpress);

  /** A path without parameters needs no search through Express's layers, which costs more than all the rest. */
  const handler: RequestListener = (request, response) => {
    const exchange = begin(request, response);
    if (hasBody(request)) bodyTimeouts.watch(request, response);
    const { url = '/', method = '' } = request;
    const queryAt = url.indexOf('?');
    const path = queryAt === -1 ? url : url.slice(0, queryAt);
    const operation = operationsByLiteral.get(path)?.get(method);
    if (isAnsweredAcrossOrigins(request, response)) {
      exchange.route = 'preflight';
      return;
    }
    const inExpress = () => {
      response.setHeader('x-request-id', exchange.context.requestId);
      app(request, response);
    };
    // On Node 20 the first context of a process costs all its promises a hook from then on.
    if (PROBE_PATHS.has(path)) {
      inExpress();
      return;
    }
    runInContext(exchange.context, () => {
      if (operation === undefined) {
        inExpress();
        return;
      }
      exchange.route = path;
      const query = queryAt === -1 ? NO_QUERY : parseQuery(url.slice(queryAt + 1));
      operation(request, response, { params: NO_PARAMS, query }).catch((error: unknown) =>
        fail(error, response),
      );
    });
  };

  const add = (route: AnyRoute, routeHandler: AnyHandler) => {
    const method = route.method.toUpperCase();
    let operations = operationsByPath.get(route.path);
    if (operations === undefined) {
      operations = new Map();
      operationsByPath.set(route.path, operations);
      if (!route.path.includes('{')) operationsByLiteral.set(route.path, operations);
      routes.all(route.path.replaceAll(/\{(\w+)\}/g, ':$1'), dispatch(route.path, operations));
    }
    if (operations.has(method)) throw new Error(`${method} ${route.path} is there twice`);
    operations.set(method, createOperation(route, routeHandler, { authenticate, intake, answerTimeouts }));
    described.push(route);
  };

  return {
    app: pages,
    handler,
    // The schemas that made the types also parse the input, so what is forgotten here is true by construction.
    route: (route, routeHandler) => add(route, routeHandler as unknown as AnyHandler),
  };
}

/** A path may fit several patterns, so a method that this one lacks is noted and the search goes on. */
function dispatch(path: string, operations: ReadonlyMap<string, Operation>): RequestHandler {
  return async (request, response, next) => {
    const exchange = exchangeOf(response);
    exchange.route = path;
    // Node leaves out the body of an answer to HEAD.
    const operation =
      operations.get(request.method) ?? (request.method === 'HEAD' ? operations.get('GET') : undefined);
    if (operation !== undefined) {
      await operation(request, response, request);
      return;
    }
    exchange.allowed ??= new Set();
    for (const method of operations.keys()) exchange.allowed.add(method);
    if (operations.has('GET')) exchange.allowed.add('HEAD');
    next();
  };
}

interface ProbesOptions {
  health: Health;
  metrics: Registry;
  metricsToken: string | undefined;
}

function probes({ health, metrics, metricsToken }: ProbesOptions): Router {
  const router = express.Router(EXACT);
  router.get('/livez', (_request, response) => {
    sendResult(response, { status: 200, body: { status: 'ok' } });
  });
  router.get('/readyz', async (_request, response) => {
    const { ready, checks } = await health.ready();
    sendResult(response, {
      status: ready ? 200 : 503,
      body: { status: ready ? 'ready' : 'not ready', checks },
    });
  });
  router.get('/metrics', async (request, response) => {
    if (metricsToken !== undefined) assertMayReadMetrics(request, metricsToken);
    sendResult(response, {
      status: 200,
      body: Buffer.from(await metrics.metrics()),
      headers: { 'content-type': metrics.contentType },
    });
  });
  return router;
}

/** Compares hashes, so that neither the time nor the length reveals how much of a guess was right. */
function assertMayReadMetrics(request: IncomingMessage, metricsToken: string): void {
  const [sent, wanted] = [bearerOf(request), metricsToken].map((text) => hash('sha256', text, 'buffer'));
  if (sent !== undefined && wanted !== undefined && timingSafeEqual(sent, wanted)) return;
  throw unauthenticated('This is not the METRICS_TOKEN of this service.', 'Bearer error="invalid_token"');
}

/** Made when first asked for, and again only if routes were added since. */
function openApi(info: ApiInfo, routes: readonly AnyRoute[]): RequestHandler {
  let document: object | undefined;
  let described = 0;
  return (_request, response) => {
    if (document === undefined || described !== routes.length) {
      document = openApiDocument(info, routes);
      described = routes.length;
    }
    sendResult(response, { status: 200, body: document });
  };
}
