import express from 'express';
import { Problem } from '../problem.ts';
import type { Request, RequestHandler, Response } from 'express';

const DEFAULT_BODY_LIMIT_BYTES = 64 * 1024;

/** Reads a JSON body; undefined if the request has none. */
export type ReadBody = (request: Request, response: Response) => Promise<unknown>;

/** @param limitBytes counted after decompression, so that a small gzip cannot unfold into a large object */
export function jsonBodyReader(limitBytes: number = DEFAULT_BODY_LIMIT_BYTES): ReadBody {
  const parse: RequestHandler = express.json({ limit: limitBytes, type: () => true });

  return async (request, response) => {
    if (!hasBody(request)) return undefined;
    if (request.is(['application/json', 'application/*+json']) === false) {
      throw new Problem({
        status: 415,
        code: 'unsupported_media_type',
        detail: 'Send the body as JSON, with Content-Type: application/json.',
      });
    }
    await new Promise<void>((resolve, reject) => {
      void parse(request, response, (error: unknown) => {
        if (error === undefined) resolve();
        else
          reject(error instanceof Error ? error : new Error('The body could not be read', { cause: error }));
      });
    });
    return request.body as unknown;
  };
}

function hasBody(request: Request): boolean {
  return (
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
  );
}
