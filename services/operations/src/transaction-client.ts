import { Problem } from '@payfan/service';
import { getAs } from './as-caller.ts';

/**
 * Makes sure that the caller may see this transfer: the transaction service knows whose it is, and its
 * refusal is passed on.
 */
export async function assertVisible(
  transactionUrl: string,
  transferId: string,
  authorization: string,
): Promise<void> {
  const url = new URL(`/v1/transfers/${encodeURIComponent(transferId)}`, transactionUrl);
  const response = await getAs(authorization, url).catch((cause: unknown) => {
    throw new Problem({
      status: 503,
      code: 'temporarily_unavailable',
      detail: 'The transaction service does not answer at the moment.',
      retryAfterSeconds: 2,
      cause,
    });
  });
  await response.body?.cancel();
  switch (response.status) {
    case 200:
      return;
    case 401:
      throw new Problem({ status: 401, code: 'unauthenticated' });
    case 403:
      throw new Problem({ status: 403, code: 'forbidden' });
    case 404:
      throw new Problem({ status: 404, code: 'not_found', detail: 'You have no transfer with this id.' });
    default:
      throw new Problem({
        status: 503,
        code: 'temporarily_unavailable',
        detail: 'The transaction service does not answer as it should at the moment.',
        retryAfterSeconds: 2,
        cause: new Error(`GET ${url.href} answered ${response.status}`),
      });
  }
}
