import { isUtf8 } from 'node:buffer';
import express from 'express';
import { Problem } from '../problem.ts';
import { assertFaithful } from './faithful-json.ts';
import type { Request, RequestHandler, Response } from 'express';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';

const DEFAULT_BODY_LIMIT_BYTES = 64 * 1024;

/** Accounts for bytes that arrived. Returns the refusal if they may not be held. */
type TakeBytes = (count: number) => Problem | undefined;

/** Reads a JSON body; undefined if the request has none, an `UnreadBody` if it is of a type taken as a stream. */
export type ReadBody = (
  request: IncomingMessage,
  response: ServerResponse,
  takeBytes: TakeBytes,
) => Promise<unknown>;

/** A body that its handler reads. */
export class UnreadBody {
  readonly stream: AsyncIterable<Buffer>;
  constructor(stream: AsyncIterable<Buffer>) {
    this.stream = stream;
  }
}

/** Whether a request says that a body follows its headers. */
export function hasBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;

/**
 * JSON that is not compressed is read here. Express's body parser unpacks the rest: it costs as much as all other work
 * on a request. JSON is UTF-8 (RFC 8259); a body with invalid bytes is refused, because replacing them would store
 * another text than the client sent.
 *
 * @param limitBytes counted after decompression, so that a small gzip cannot unfold into a large object
 * @param streams content types that are left unread
 */
export function bodyReader(
  limitBytes: number = DEFAULT_BODY_LIMIT_BYTES,
  streams: readonly string[] = [],
): ReadBody {
  const unpack: RequestHandler = express.raw({ limit: limitBytes, type: () => true });

  return async (request, response, takeBytes): Promise<unknown> => {
    if (!hasBody(request)) return undefined;
    const { headers } = request;
    const type = headers['content-type'] ?? '';
    if (streams.includes(mediaTypeOf(type))) {
      assertUtf8Charset(type);
      if (!isPlain(headers)) throw unsupported('Send it without Content-Encoding.');
      return new UnreadBody(chunksOf(request, takeBytes));
    }
    if (!JSON_TYPE.test(type)) {
      throw unsupported(`Send the body with Content-Type: ${['application/json', ...streams].join(' or ')}.`);
    }
    assertUtf8Charset(type);
    if (isPlain(headers)) return parseJson(await readBytes(request, limitBytes, takeBytes));
    // Express collects the bytes itself, and how many they become is known only after unpacking them.
    const refusal = takeBytes(limitBytes);
    if (refusal !== undefined) throw refusal;
    return parseJson(await unpacked(unpack, request, response));
  };
}

const mediaTypeOf = (contentType: string): string => contentType.split(';', 1).join().trim().toLowerCase();

const unsupported = (detail: string) => new Problem({ status: 415, code: 'unsupported_media_type', detail });

function assertUtf8Charset(contentType: string): void {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  if (!/^(utf-?8|us-ascii)$/i.test(charset)) throw unsupported(`Send it in UTF-8, not in ${charset}.`);
}

const isPlain = (headers: IncomingHttpHeaders): boolean =>
  (headers['content-encoding'] ?? 'identity').toLowerCase() === 'identity';

function assertUtf8(bytes: Uint8Array): void {
  if (isUtf8(bytes)) return;
  throw new Problem({ status: 400, code: 'invalid_request', detail: 'The body is not valid UTF-8.' });
}

/** Of an unread body that was refused, so much is still taken. */
const DRAIN_BYTES = 64 * 1024 * 1024;

/**
 * Reads what is left of a body to its end, and forgets it: only then does the client listen. One that goes on for
 * longer is answered all the same.
 */
export async function drain(request: IncomingMessage): Promise<void> {
  if (request.readableEnded || request.destroyed) return;
  await new Promise<void>((resolve) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > DRAIN_BYTES) resolve();
    });
    for (const event of ['end', 'close', 'error']) request.once(event, () => resolve());
    request.resume();
  });
}

/** The request outlives the reading: it still has to be answered where the handler stops early. */
async function* chunksOf(request: IncomingMessage, takeBytes: TakeBytes): AsyncGenerator<Buffer> {
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    const refusal = takeBytes(chunk.length);
    if (refusal !== undefined) throw refusal;
    yield chunk;
  }
}

function readBytes(request: IncomingMessage, limitBytes: number, takeBytes: TakeBytes): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      // What is too large is read to its end all the same: only then does the client listen.
      if (bytes > limitBytes) return;
      const refusal = takeBytes(chunk.length);
      if (refusal === undefined) {
        chunks.push(chunk);
        return;
      }
      // The rest is discarded, so nothing more is held of this body.
      bytes = Infinity;
      chunks.length = 0;
      reject(refusal);
    });
    request.on('end', () => {
      const [only] = chunks;
      if (bytes > limitBytes) reject(httpError(413, new Error('body too large')));
      else resolve(only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks));
    });
    request.on('error', (error) => reject(httpError(400, error)));
  });
}

function parseJson(bytes: Buffer): unknown {
  assertUtf8(bytes);
  try {
    const text = bytes.toString('utf8');
    const value: unknown = JSON.parse(text);
    assertFaithful(text);
    return value;
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw httpError(400, error as Error, 'entity.parse.failed');
  }
}

/** In the form in which Express's body parser throws them. */
const httpError = (status: number, error: Error, type?: string): Error =>
  Object.assign(error, { status, type });

async function unpacked(
  unpack: RequestHandler,
  request: IncomingMessage & { body?: unknown },
  response: ServerResponse,
): Promise<Buffer> {
  await new Promise<void>((resolve, reject) => {
    // It looks at nothing but what Node gives it.
    void unpack(request as Request, response as Response, (error: unknown) => {
      if (error === undefined) resolve();
      else reject(error instanceof Error ? error : new Error('The body could not be read', { cause: error }));
    });
  });
  return request.body as Buffer;
}
