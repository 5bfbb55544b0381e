import { benchKey, benchPhone } from './bench-accounts.ts';

let nextKey = 0;
const run = crypto.randomUUID();

/** A transfer of a paisa between two of the first `accounts` people, as it goes over the wire. */
export function transferRequest(accounts: number): string {
  const payer = 1 + Math.floor(Math.random() * accounts);
  const payee = 1 + ((payer - 1 + 1 + Math.floor(Math.random() * (accounts - 1))) % accounts);
  const body = `{"to":"${benchPhone(payee)}","amount":1,"currency":"INR","note":""}`;
  nextKey += 1;
  return (
    `POST /v1/transfers HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${benchKey(payer)}\r\n` +
    `Idempotency-Key: ${run}-${nextKey}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  );
}
