import { request } from 'node:https';
import { json } from 'node:stream/consumers';

export interface Asked {
  method?: string;
  headers?: Record<string, string>;
  body?: unknown;
}

/** Asks over https and trusts one CA, as `fetch` cannot be made to while a process runs. */
export function httpsClient(ca: string) {
  // Callers say what they expect, as with fetch's json().
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
  return async <Body>(
    url: string,
    key: string,
    { method = 'GET', headers = {}, body }: Asked = {},
  ): Promise<{ status: number; body: Body }> =>
    new Promise((resolve, reject) => {
      const all = { ...headers, authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const sent = request(url, { method, ca, headers: all, agent: false }, (answer) => {
        json(answer).then(
          (content) => resolve({ status: answer.statusCode ?? 0, body: content as Body }),
          reject,
        );
      });
      sent.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
    });
}
