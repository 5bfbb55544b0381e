import { z } from 'zod';
import { startApi, stopApis } from './testing.ts';
import type { Api } from './api.ts';

afterEach(stopApis);

const Thing = z
  .object({ id: z.string(), amount: z.int().meta({ description: 'Paise' }) })
  .meta({ id: 'Thing' });

function define(api: Api): void {
  api.route(
    {
      method: 'POST',
      path: '/v1/things/{kind}/make-one',
      summary: 'Makes a thing',
      description: 'At once.',
      tags: ['things'],
      auth: 'required',
      params: z.object({ kind: z.enum(['a', 'b']) }),
      query: z.object({ limit: z.coerce.number().int().min(1).max(100).default(20) }),
      headers: z.object({ 'idempotency-key': z.string().max(255) }),
      body: Thing,
      responses: { 201: { description: 'Made', schema: Thing, headers: { location: 'Where it is' } } },
      problems: [
        { status: 400, code: 'bad_kind', description: 'No such kind' },
        { status: 402, code: 'insufficient_funds' },
      ],
    },
    ({ body }) => ({ status: 201, body }),
  );
  api.route(
    {
      method: 'GET',
      path: '/v1/things',
      summary: 'Lists things',
      auth: 'none',
      responses: {
        200: { description: 'All', schema: z.array(Thing) },
        204: { description: 'None' },
      },
    },
    () => ({ status: 204 }),
  );
}

const start = () => startApi(define, { authenticate: () => Promise.resolve(undefined) });

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
  }[];
  readonly responses: Record<string, { readonly description: string }>;
}

interface Document {
  readonly openapi: string;
  readonly info: object;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, object>; readonly securitySchemes: object };
}

/** Every `$ref` anywhere inside. */
function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === '$ref' ? [String(inner)] : refsIn(inner)));
}

test('/openapi.json says what the routes are, in OpenAPI 3.1', async () => {
  const { url } = await start();
  const answer = await fetch(`${url}/openapi.json`);
  expect(answer.headers.get('content-type')).toBe('application/json');
  const document = (await answer.json()) as Document;
  expect(document).toMatchObject({
    openapi: '3.1.0',
    info: { title: 'Things <&> tests', version: '1.2.3', description: 'An API for tests' },
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
  });
  expect(document.paths).toMatchObject({
    '/v1/things/{kind}/make-one': {
      post: {
        operationId: 'postThingsByKindMakeOne',
        summary: 'Makes a thing',
        tags: ['things'],
        security: [{ bearer: [] }],
        parameters: [
          { in: 'path', name: 'kind', required: true, schema: { enum: ['a', 'b'] } },
          { in: 'query', name: 'limit', schema: { type: 'integer', minimum: 1, maximum: 100, default: 20 } },
          {
            in: 'header',
            name: 'idempotency-key',
            required: true,
            schema: { type: 'string', maxLength: 255 },
          },
        ],
        requestBody: {
          required: true,
          content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } },
        },
        responses: {
          201: {
            description: 'Made',
            headers: { location: { description: 'Where it is' } },
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } },
          },
          400: {
            description: '`invalid_request`; `bad_kind`: No such kind',
            content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
          },
          401: {},
          402: {},
          413: {},
          415: {},
          500: {},
        },
      },
    },
    '/v1/things': {
      get: {
        operationId: 'getThings',
        security: [],
        responses: {
          200: { content: { 'application/json': { schema: { type: 'array' } } } },
          204: { description: 'None' },
        },
      },
    },
  });
  expect(Object.keys(document.paths['/v1/things']!['get']!.responses).sort()).toEqual([
    '200',
    '204',
    '400',
    '500',
  ]);
  expect(document.components.schemas['Thing']).toMatchObject({
    type: 'object',
    required: ['id', 'amount'],
    properties: { amount: { type: 'integer', description: 'Paise' } },
  });
});

test('/openapi.json hangs together', async () => {
  const { url } = await start();
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as Document;
  const schemas = Object.keys(document.components.schemas);
  const refs = new Set(refsIn(document));
  expect(refs.size).toBeGreaterThan(0);
  for (const ref of refs) expect(schemas).toContain(ref.replace('#/components/schemas/', ''));

  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.values(methods).map((operation) => ({ path, operation })),
  );
  expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length);
  for (const { path, operation } of operations) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
    expect(declared.map(({ name, required }) => [name, required])).toEqual(
      inPath.map((name) => [name, true]),
    );
    for (const response of Object.values(operation.responses)) expect(response.description).not.toBe('');
  }
});

test('a route that is added later is documented too', async () => {
  let later: Api | undefined;
  const { url } = await startApi((api) => (later = api));
  const paths = async () =>
    Object.keys(((await (await fetch(`${url}/openapi.json`)).json()) as { paths?: object }).paths ?? {});
  expect(await paths()).toEqual([]);
  later!.route(
    {
      method: 'get',
      path: '/v1/late',
      summary: '',
      auth: 'none',
      responses: { 204: { description: 'None' } },
    },
    () => ({ status: 204 }),
  );
  expect(await paths()).toEqual(['/v1/late']);
});

test('/docs works with our own files alone, under a policy that allows no others', async () => {
  const { url } = await start();
  const page = await fetch(`${url}/docs`);
  const markup = await page.text();
  expect(page.headers.get('content-security-policy')).toContain("default-src 'self';script-src 'self'");
  expect(page.headers.get('x-content-type-options')).toBe('nosniff');
  expect(markup).toContain('<title>Things &lt;&amp;&gt; tests</title>');
  expect(markup).not.toMatch(/https?:|<script>|\son\w+=/);

  const files = [...markup.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]!);
  const types = await Promise.all(
    files.map(async (file) => {
      const answer = await fetch(new URL(file, url));
      expect([file, answer.status]).toEqual([file, 200]);
      expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(0);
      return [file, answer.headers.get('content-type')];
    }),
  );
  expect(Object.fromEntries(types)).toEqual({
    '/docs/favicon-32x32.png': 'image/png',
    '/docs/swagger-ui.css': 'text/css; charset=utf-8',
    '/docs/swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
    '/docs/init.js': 'text/javascript; charset=utf-8',
  });
  expect(await (await fetch(`${url}/docs/init.js`)).text()).toContain("url: '/openapi.json'");
  expect((await fetch(`${url}/docs/`)).url).toBe(`${url}/docs`);
  expect((await fetch(`${url}/docs/package.json`)).status).toBe(404);
});

test.each(['/docs', '/docs/', '/docs/init.js', '/docs/swagger-ui.css', '/openapi.json'])(
  'with API_DOCS=false there is no %s',
  async (path) => {
    const { url } = await startApi(define, {
      authenticate: () => Promise.resolve(undefined),
      http: { docs: false },
    });
    const answer = await fetch(`${url}${path}`);
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([404, 'not_found']);
  },
);
