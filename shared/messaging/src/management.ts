/** RabbitMQ's management API, as far as the set-up, the stack and tests need it. */
export interface Management {
  get(path: string): Promise<unknown>;
  post(path: string, body: object): Promise<unknown>;
  put(path: string, body?: object): Promise<void>;
  delete(path: string): Promise<void>;
}

export class ManagementError extends Error {
  override readonly name = 'ManagementError';
  readonly status: number;
  constructor(method: string, path: string, status: number, text: string) {
    super(`RabbitMQ's management API answered ${method} ${path} with ${status}: ${text.slice(0, 300)}`);
    this.status = status;
  }
}

/** Methods whose repetition has the same effect and the same answer. */
const REPEATABLE = ['GET', 'PUT'];

/** Error codes of undici and of the operating system for a connection that ended. */
const CLOSED = ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'];

/**
 * `fetch`, and once more if the connection ended before the answer began: RabbitMQ closes idle connections, from 4.0 on
 * after 5 s, and may do so while a request is on its way. Only for requests that may be repeated.
 */
export async function fetchRepeatable(url: URL | string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    const { code = '' } = Object((error as Error).cause) as { code?: string };
    if (!CLOSED.includes(code)) throw error;
    return fetch(url, init);
  }
}

/** Opens the API at a URL that carries user and password. */
export function openManagement(managementUrl: string): Management {
  const { origin, username, password } = new URL(managementUrl);
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  const send = async (method: string, path: string, body?: object): Promise<unknown> => {
    const ask = REPEATABLE.includes(method) ? fetchRepeatable : fetch;
    const answer = await ask(`${origin}/api/${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(30_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new ManagementError(method, path, answer.status, text);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  };
  return {
    get: (path) => send('GET', path),
    post: (path, body) => send('POST', path, body),
    put: async (path, body = {}) => {
      await send('PUT', path, body);
    },
    delete: async (path) => {
      await send('DELETE', path);
    },
  };
}
