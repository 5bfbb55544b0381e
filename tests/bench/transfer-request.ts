import { benchKey, benchPhone } from './bench-accounts.ts';

let lastKey = 0;
const run = crypto.randomUUID();
const nextKey = () => `${run}-${++lastKey}`;

/** A transfer of a paisa between two of the first `accounts` people, as it goes over the wire; each under a key of its own. */
export function transferRequest(accounts: number, key = nextKey()): string {
  const payer = 1 + Math.floor(Math.random() * accounts);
  const payee = 1 + ((payer - 1 + 1 + Math.floor(Math.random() * (accounts - 1))) % accounts);
  const body = `{"to":"${benchPhone(payee)}","amount":1,"currency":"INR","note":""}`;
  return (
    `POST /v1/transfers HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${benchKey(payer)}\r\n` +
    `Idempotency-Key: ${key}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  );
}
