import { request } from 'node:https';
import { text } from 'node:stream/consumers';

/** What of `fetch` the clients of this service use. */
export type Send = (
  url: URL,
  init: { method?: string; headers: Record<string, string>; body?: string; signal: AbortSignal },
) => Promise<Response>;

/**
 * Sends to the https server at a URL's IP address, whose certificate must be for `serverName`. `fetch` cannot reach one
 * chosen address of a name that has several: it compares the certificate with the host in the URL.
 */
export const fetchAs =
  (serverName: string): Send =>
  (url, { body, ...init }) =>
    new Promise((resolve, reject) => {
      const sent = request(url, { ...init, servername: serverName }, (answer) => {
        text(answer).then(
          (content) =>
            resolve(new Response(content === '' ? null : content, { status: answer.statusCode ?? 502 })),
          reject,
        );
      });
      sent.on('error', reject).end(body);
    });
