import { randomUUID } from 'node:crypto';
import type { Delivery } from '@payfan/contracts';
import { waitFor, type Payfan } from '@payfan/stack/testing';

/** The account of `demo_asha`. */
export const ASHA_ID = '00000000-0000-7000-8000-0000000a54a0';

export interface Answer<Body> {
  status: number;
  headers: Headers;
  body: Body;
}

export interface Transfer {
  id: string;
  from: string;
  to: string;
  amount: number;
}

/** A request that is not answered by then fails, so that the failure names its address. */
const ANSWER_TIMEOUT_MS = 60_000;

/** What people and programs do with Payfan from outside. */
export function outside(payfan: Payfan) {
  async function call<Body>(
    url: string,
    key: string,
    init: { method?: string; body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answer<Body>> {
    const { body, headers, method = 'GET' } = init;
    const response = await fetch(url, {
      method,
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
  }

  const pay = (
    amount: number,
    {
      key = randomUUID(),
      from = 'demo_asha',
      to = '7010233311',
      note = 'lunch',
      correlationId,
    }: { key?: string; from?: string; to?: string; note?: string; correlationId?: string } = {},
  ) =>
    call<Transfer & { code?: string }>(`${payfan.url('transaction')}/v1/transfers`, from, {
      method: 'POST',
      headers: {
        'idempotency-key': key,
        ...(correlationId === undefined ? {} : { 'x-correlation-id': correlationId }),
      },
      body: { to, amount, currency: 'INR', note },
    });

  const deliveriesOf = async (transferId: string, key = 'demo_operator') => {
    const url = `${payfan.url('operations')}/v1/transfers/${transferId}/deliveries`;
    const { status, body } = await call<{ data: Delivery[] }>(url, key);
    if (status !== 200) throw new Error(`${url} answered ${status}: ${JSON.stringify(body)}`);
    return body.data;
  };

  return {
    call,
    pay,
    deliveriesOf,
    balanceOf: async (key: string) =>
      (await call<{ balance: number }>(`${payfan.url('transaction')}/v1/accounts/me`, key)).body.balance,
    /** Resolves when all six deliveries of the transfer are sent. */
    everybodyTold: (transferId: string) =>
      waitFor(
        async () => {
          const deliveries = await deliveriesOf(transferId);
          return deliveries.length === 6 && deliveries.every(({ status }) => status === 'sent');
        },
        { what: `six deliveries of ${transferId} being sent` },
      ),
  };
}

export interface Mail {
  Content: { Headers: Record<string, string[]>; Body: string };
  Raw: { To: string[]; Data: string };
}

/** Every mail in the inbox, by MailHog's API. */
export async function inbox(payfan: Payfan): Promise<Mail[]> {
  const mails: Mail[] = [];
  for (let total = Infinity; mails.length < total;) {
    const response = await fetch(`${payfan.mailApi}/api/v2/messages?start=${mails.length}&limit=250`);
    const page = (await response.json()) as { total: number; items: Mail[] };
    total = page.total;
    if (page.items.length === 0) break;
    mails.push(...page.items);
  }
  return mails;
}

export interface Sms {
  reference: string;
  to: string;
  body: string;
  attempts: number;
}

/** Every SMS that the gateway accepted. */
export async function messages(payfan: Payfan): Promise<Sms[]> {
  const response = await fetch(`${payfan.smsUrl}/messages?limit=1000`);
  return ((await response.json()) as { data: Sms[] }).data;
}
