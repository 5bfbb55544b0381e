import express from 'express';
import { Problem } from '../problem.ts';
import type { Request, RequestHandler, Response } from 'express';
import type { IncomingMessage, ServerResponse } from 'node:http';

const DEFAULT_BODY_LIMIT_BYTES = 64 * 1024;

/** Reads a JSON body; undefined if the request has none. */
export type ReadBody = (request: IncomingMessage, response: ServerResponse) => Promise<unknown>;

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;

/**
 * A plain body is read here; whatever is compressed or in another charset is left to Express's body parser,
 * which costs as much as all the rest of a request.
 *
 * @param limitBytes counted after decompression, so that a small gzip cannot unfold into a large object
 */
export function jsonBodyReader(limitBytes: number = DEFAULT_BODY_LIMIT_BYTES): ReadBody {
  const parse: RequestHandler = express.json({ limit: limitBytes, type: () => true });

  return async (request, response) => {
    const { headers } = request;
    const length = Number(headers['content-length'] ?? 0);
    if (headers['transfer-encoding'] === undefined && !(length > 0)) return undefined;
    const type = headers['content-type'] ?? '';
    if (!JSON_TYPE.test(type)) {
      throw new Problem({
        status: 415,
        code: 'unsupported_media_type',
        detail: 'Send the body as JSON, with Content-Type: application/json.',
      });
    }
    if (headers['content-encoding'] === undefined && !type.includes(';')) {
      return parseJson(await readText(request, limitBytes));
    }
    return parseByExpress(parse, request, response);
  };
}

/** UTF-8, as RFC 8259 has it. */
function readText(request: IncomingMessage, limitBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      // What is too large is read to its end all the same: only then does the client listen.
      if (bytes <= limitBytes) chunks.push(chunk);
    });
    request.on('end', () => {
      const [only] = chunks;
      if (bytes > limitBytes) reject(httpError(413, new Error('body too large')));
      else
        resolve((only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks)).toString('utf8'));
    });
    request.on('error', (error) => reject(httpError(400, error)));
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw httpError(400, error as Error, 'entity.parse.failed');
  }
}

/** In the form in which Express's body parser throws them. */
const httpError = (status: number, error: Error, type?: string): Error =>
  Object.assign(error, { status, type });

async function parseByExpress(
  parse: RequestHandler,
  request: IncomingMessage & { body?: unknown },
  response: ServerResponse,
): Promise<unknown> {
  await new Promise<void>((resolve, reject) => {
    // It looks at nothing but what Node gives it.
    void parse(request as Request, response as Response, (error: unknown) => {
      if (error === undefined) resolve();
      else reject(error instanceof Error ? error : new Error('The body could not be read', { cause: error }));
    });
  });
  return request.body;
}
