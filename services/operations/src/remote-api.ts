import { LARGE_ANSWER_BYTES, Problem, readJson, type Fetch } from '@payfan/service';
import type { z } from 'zod';
import { getAs, postAs } from './as-caller.ts';

/** The API of a channel or a gateway for one caller. Each call rejects unless the answer is of its schema. */
export interface RemoteApi {
  name: string;
  get<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>>;
  post<S extends z.ZodType>(
    path: string,
    schema: S,
    request: { body: object; timeoutMs: number },
  ): Promise<z.output<S>>;
}

/** It answered, but with nothing that we can use. */
export class RemoteFailed extends Error {
  readonly status: number;
  constructor(method: string, url: URL, status: number) {
    super(`${method} ${url.href} answered ${status}`);
    this.name = 'RemoteFailed';
    this.status = status;
  }
}

/** The API at this address, as this caller. Refusals of the caller become problems of ours. */
export function apiAt(name: string, baseUrl: string, authorization: string, send?: Fetch): RemoteApi {
  const reader =
    <S extends z.ZodType>(method: string, url: URL, schema: S) =>
    async (response: Response) => {
      if (response.ok) return schema.parse(await readJson(response, LARGE_ANSWER_BYTES));
      if (response.status === 401) throw new Problem({ status: 401, code: 'unauthenticated' });
      if (response.status === 403) throw new Problem({ status: 403, code: 'forbidden' });
      throw new RemoteFailed(method, url, response.status);
    };
  return {
    name,
    get(path, schema) {
      const url = new URL(path, baseUrl);
      return getAs(authorization, url, reader('GET', url, schema), send);
    },
    post(path, schema, request) {
      const url = new URL(path, baseUrl);
      return postAs(authorization, url, request, reader('POST', url, schema), send);
    },
  };
}
