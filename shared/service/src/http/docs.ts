import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Router } from 'express';
import { EXACT } from './exact-paths.ts';
import type { RequestHandler } from 'express';

/** From node_modules: the docs work without the internet, and no CDN sees who reads them. */
const ASSETS: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

/** In a file of its own, because the content security policy allows no inline script. */
const INIT_SCRIPT = `window.addEventListener('load', () => {
  SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, validatorUrl: null });
});
`;

const ONE_DAY_SECONDS = 86_400;

/** `/docs`: Swagger UI over `/openapi.json`. */
export function docsPages(title: string): Router {
  const router = Router(EXACT);
  const assetsFolder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

  router.get('/docs', (_request, response) => {
    response.type('html').send(page(title));
  });
  router.get('/docs/', (_request, response) => {
    response.redirect(308, '/docs');
  });
  router.get('/docs/init.js', (_request, response) => {
    response.type('text/javascript').send(INIT_SCRIPT);
  });
  for (const [file, type] of Object.entries(ASSETS)) {
    router.get(`/docs/${file}`, serveFile(join(assetsFolder, file), type));
  }
  return router;
}

function serveFile(path: string, type: string): RequestHandler {
  return (_request, response, next) => {
    response.set('content-type', type);
    response.sendFile(
      path,
      { maxAge: ONE_DAY_SECONDS * 1_000, dotfiles: 'allow' },
      (error: Error | undefined) => {
        // A reader who left early is no failure of ours.
        if (error !== undefined && !response.headersSent && !response.destroyed) next(error);
      },
    );
  };
}

function page(title: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/init.js"></script>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
