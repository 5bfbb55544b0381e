import { answerUntaken } from './answer.ts';
import type { RequestHandler } from 'express';

/** Express routers take `/METRICS` and `/metrics/` for `/metrics` unless they have these options. */
export const EXACT = { caseSensitive: true, strict: true } as const;

/** Express ends the path at the first and then reads the second as a slash. No URL has them there (RFC 3986, 3.3). */
const NOT_IN_A_PATH = /[#\\]/;

/**
 * Answers 404 where Express would find a route under another spelling of its path. A proxy in front of the service
 * compares paths as they are written, so such a request would pass its rules about that route.
 */
export const exactPaths: RequestHandler = (request, response, next) => {
  const [path = ''] = request.url.split('?', 1);
  if (NOT_IN_A_PATH.test(path)) answerUntaken(request, response);
  else next();
};
