import { Problem } from '@payfan/service';
import { getAs } from './as-caller.ts';

/** What somebody wants to know more of, and who knows whose it is. */
export interface Asked {
  kind: 'transfer' | 'payout';
  id: string;
  /** Base URL of the service that keeps it. */
  at: string;
}

const KEEPERS = { transfer: 'transaction', payout: 'payout' } as const;

/** Makes sure that the caller may see this: the service that keeps it knows, and its refusal is passed on. */
export async function assertVisible({ kind, id, at }: Asked, authorization: string): Promise<void> {
  const url = new URL(`/v1/${kind}s/${encodeURIComponent(id)}`, at);
  const status = await getAs(authorization, url, (response) => response.status).catch((cause: unknown) => {
    throw unavailable(`The ${KEEPERS[kind]} service does not answer at the moment.`, cause);
  });
  switch (status) {
    case 200:
      return;
    case 401:
      throw new Problem({ status: 401, code: 'unauthenticated' });
    case 403:
      throw new Problem({ status: 403, code: 'forbidden' });
    case 404:
      throw new Problem({ status: 404, code: 'not_found', detail: `You have no ${kind} with this id.` });
    default:
      throw unavailable(
        `The ${KEEPERS[kind]} service does not answer as it should at the moment.`,
        new Error(`GET ${url.href} answered ${status}`),
      );
  }
}

function unavailable(detail: string, cause: unknown): Problem {
  return new Problem({ status: 503, code: 'temporarily_unavailable', detail, retryAfterSeconds: 2, cause });
}
