import { config } from './config.ts';
import { clientAddress } from './session/client-address.ts';
import type { TransactionAccess } from './session/session-client.ts';

/** For calls to the transaction service on behalf of the client that sent these headers. */
export function transactionAccess(headers: Pick<Headers, 'get'>): TransactionAccess {
  const { transactionUrl, serviceKey, trustedProxies } = config();
  return { transactionUrl, serviceKey, clientAddress: clientAddress(headers, trustedProxies) };
}
