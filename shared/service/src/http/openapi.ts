import { OpenAPIRegistry, OpenApiGeneratorV31 } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import type { ResponseConfig, RouteConfig } from '@asteasolutions/zod-to-openapi';
import type { AnyRoute, ProblemDefinition, ResponseDefinition } from './route.ts';

export interface ApiInfo {
  readonly title: string;
  readonly description: string;
  readonly version: string;
}

const ProblemSchema = z
  .object({
    type: z.string().meta({ example: 'urn:payfan:problem:invalid_request' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().meta({ description: 'Stable; branch on this', example: 'invalid_request' }),
    instance: z.string().meta({ description: 'The request id, as in the x-request-id header and our logs' }),
    errors: z
      .array(
        z.object({
          in: z.enum(['path', 'query', 'header', 'body']).optional(),
          line: z.int().optional().meta({ description: 'Of a body that comes in lines, from 1' }),
          path: z.string(),
          message: z.string(),
        }),
      )
      .optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' });

/** The OpenAPI 3.1 document of these routes, from the schemas that validate. */
export function openApiDocument(info: ApiInfo, routes: readonly AnyRoute[]): object {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key, or a token from POST /v1/tokens of the transaction service',
  });
  for (const route of routes) registry.registerPath(describe(route));
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: { title: info.title, description: info.description, version: info.version },
    servers: [{ url: '/' }],
  });
}

function describe(route: AnyRoute): RouteConfig {
  const method = route.method.toLowerCase() as Lowercase<typeof route.method>;
  return {
    method,
    path: route.path,
    operationId: operationId(method, route.path),
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    ...(route.tags === undefined ? {} : { tags: [...route.tags] }),
    security: route.auth === 'required' ? [{ bearer: [] }] : [],
    request: {
      ...(route.params === undefined ? {} : { params: route.params }),
      ...(route.query === undefined ? {} : { query: route.query }),
      ...(route.headers === undefined ? {} : { headers: route.headers }),
      ...(route.body === undefined
        ? {}
        : {
            body: {
              required: route.streams !== undefined || !route.body.safeParse(undefined).success,
              content: {
                'application/json': { schema: route.body },
                ...describeStreams(route.streams ?? {}),
              },
            },
          }),
    },
    responses: { ...describeResponses(route), ...describeProblems(route) },
  };
}

function describeStreams(streams: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    Object.entries(streams).map(([type, description]) => [
      type,
      { schema: { type: 'string' as const, description } },
    ]),
  );
}

/** `get /v1/transfers/{id}` → `getTransfersById`, for generated clients. */
function operationId(method: string, path: string): string {
  const words = path
    .split('/')
    .filter((part) => part !== '' && !/^v\d+$/.test(part))
    .map((part) => (part.startsWith('{') ? `by-${part.slice(1, -1)}` : part))
    .flatMap((part) => part.split(/[^A-Za-z0-9]+/).filter((word) => word !== ''));
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function describeResponses(route: AnyRoute): Record<string, ResponseConfig> {
  return Object.fromEntries(
    Object.entries(route.responses).map(([status, response]) => [status, describeResponse(response)]),
  );
}

function describeResponse({
  description,
  schema,
  contentType = 'application/json',
  streamedAs = [],
  headers,
}: ResponseDefinition): ResponseConfig {
  const others = streamedAs.map((type) => [type, { schema: { type: 'string' as const } }] as const);
  return {
    description,
    ...(schema === undefined
      ? {}
      : { content: { [contentType]: { schema }, ...Object.fromEntries(others) } }),
    ...(headers === undefined
      ? {}
      : {
          headers: Object.fromEntries(
            Object.entries(headers).map(([name, text]) => [
              name,
              { description: text, schema: { type: 'string' as const } },
            ]),
          ),
        }),
  };
}

function describeProblems(route: AnyRoute): Record<string, ResponseConfig> {
  const byStatus = new Map<number, ProblemDefinition[]>();
  const own = route.problems ?? [];
  // A route may describe a problem of the chassis in its own words.
  const chassis = chassisProblems(route).filter(
    ({ status, code }) => !own.some((problem) => problem.status === status && problem.code === code),
  );
  for (const problem of [...chassis, ...own]) {
    const same = byStatus.get(problem.status) ?? [];
    if (!same.some(({ code }) => code === problem.code)) byStatus.set(problem.status, [...same, problem]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, problems]) => [
      String(status),
      {
        description: problems
          .map(({ code, description }) => `\`${code}\`${description === undefined ? '' : `: ${description}`}`)
          .join('; '),
        content: { 'application/problem+json': { schema: ProblemSchema } },
      },
    ]),
  );
}

function chassisProblems(route: AnyRoute): ProblemDefinition[] {
  return [
    { status: 400, code: 'invalid_request' },
    ...(route.auth === 'required'
      ? [
          { status: 401, code: 'unauthenticated' },
          {
            status: 429,
            code: 'rate_limited',
            description: 'Too many wrong keys came from this address, or the key buys tokens too often',
          },
        ]
      : []),
    ...(route.body === undefined
      ? []
      : [
          { status: 408, code: 'request_timeout', description: 'The body was idle or too slow' },
          { status: 413, code: 'payload_too_large' },
          { status: 415, code: 'unsupported_media_type' },
          {
            status: 429,
            code: 'too_many_uploads',
            description: 'You have too many uploads under way. Repeat after Retry-After',
          },
          { status: 503, code: 'overloaded', description: 'Nothing was done. Repeat after Retry-After' },
        ]),
    { status: 500, code: 'internal_error' },
  ];
}
