/** An `application/problem+json` answer, as our APIs give them (RFC 9457). */
export function problem(
  status: number,
  code: string,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const requestId = crypto.randomUUID();
  const title = code.charAt(0).toUpperCase() + code.slice(1).replaceAll('_', ' ');
  const body = { type: `urn:payfan:problem:${code}`, title, status, detail, code, instance: requestId };
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      ...NEVER_KEPT,
      'content-type': 'application/problem+json',
      'x-request-id': requestId,
      ...headers,
    },
  });
}

export const NEVER_KEPT = { 'cache-control': 'no-store' } as const;

export const fromElsewhere = (): Response =>
  problem(403, 'forbidden', 'Only pages of this site may use its session.');
