/**
 * Where something is at a service. Keeps a path that the base URL may have (`https://api.example.com/payfan`).
 *
 * @param path without a slash at its beginning: `v1/tokens`
 */
export function endpoint(baseUrl: string, path: string): URL {
  return new URL(path, baseUrl.endsWith('/') ? baseUrl : `${baseUrl}/`);
}
