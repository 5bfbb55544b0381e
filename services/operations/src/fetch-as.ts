import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { Readable } from 'node:stream';
import type { Fetch } from '@payfan/service';

/** Statuses of answers that have no body. */
const WITHOUT_BODY = [204, 205, 304];

/**
 * Sends to the https server at a URL's IP address, whose certificate must be for `serverName`. `fetch` cannot reach one
 * chosen address of a name that has several: it compares the certificate with the host in the URL.
 */
export const fetchAs =
  (serverName: string): Fetch =>
  async (url, { method, headers, body, signal }) => {
    const own = Object.fromEntries(new Headers(headers));
    const sent = request(url, { method, headers: own, signal, servername: serverName });
    // An abort after the answer has begun is an error of the request, too: the reader of the body gets it.
    sent.on('error', () => undefined).end(typeof body === 'string' ? body : undefined);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const { statusCode: status = 502 } = answer;
    return new Response(WITHOUT_BODY.includes(status) ? null : (Readable.toWeb(answer) as ReadableStream), {
      status,
    });
  };
