import { randomUUID } from 'node:crypto';
import type { Progress } from './progress.ts';
import { withStack } from './session.ts';
import type { StackDescription } from './stack-file.ts';
import { renderTable } from './table.ts';
import { waitFor, WaitTimeout } from './wait.ts';

/** Two people, each told on three channels. */
const DELIVERIES = 6;
const DELIVERIES_TIMEOUT_MS = 30_000;

/** What the demo shows of a delivery; the API says more, and all of it is in the last line. */
interface Delivery {
  channel: string;
  role: string;
  recipient: string;
  status: string;
  provider: string | null;
  latencyMs: number | null;
}

class RequestFailed extends Error {
  constructor(url: string, status: number, text: string) {
    super(`${url} answered ${status}: ${text.slice(0, 500)}`);
    this.name = 'RequestFailed';
  }
}

/** `npm run demo`: Rs 100 to 7010233311, and everybody told. Its last line on stdout is JSON. */
export function demo(progress: Progress): Promise<number> {
  return withStack({ command: 'demo', throwAway: true, usualPorts: false, progress }, async (description) => {
    const startedMs = performance.now();
    const transfer = await makeTransfer(urlOf(description, 'transaction'));
    progress.done('Asha has paid Ravi ₹100.00 for lunch', startedMs);
    const sentMs = performance.now();
    const deliveries = await followDeliveries(urlOf(description, 'operations'), transfer.id);
    const allSent = deliveries.length === DELIVERIES && deliveries.every(isSent);
    progress.done(allSent ? 'Both are told, by push, phone and email' : 'Not everybody is told', sentMs);
    process.stdout.write(`\n${deliveryTable(deliveries)}\n\n${JSON.stringify({ transfer, deliveries })}\n`);
    return allSent ? 0 : 1;
  });
}

const isSent = ({ status }: Delivery) => status === 'sent';

function urlOf({ services }: StackDescription, name: string): string {
  return services[name]?.url ?? '';
}

function makeTransfer(transactionUrl: string): Promise<{ id: string }> {
  return call(`${transactionUrl}/v1/transfers`, 'demo_asha', {
    method: 'POST',
    headers: { 'idempotency-key': randomUUID(), 'content-type': 'application/json' },
    body: JSON.stringify({ to: '7010233311', amount: 10_000, currency: 'INR', note: 'lunch' }),
  });
}

/** Asks until all six are sent, or the time is over; answers what there is then. */
async function followDeliveries(operationsUrl: string, transferId: string): Promise<Delivery[]> {
  let deliveries: Delivery[] = [];
  const what = `${DELIVERIES} deliveries being sent`;
  try {
    await waitFor(
      async () => {
        const url = `${operationsUrl}/v1/transfers/${transferId}/deliveries`;
        deliveries = (await call<{ data: Delivery[] }>(url, 'demo_operator')).data;
        return deliveries.length >= DELIVERIES && deliveries.every(isSent);
      },
      { what, timeoutMs: DELIVERIES_TIMEOUT_MS, intervalMs: 100 },
    );
  } catch (error) {
    if (!(error instanceof WaitTimeout)) throw error;
    process.stderr.write(`${error.message}\n`);
  }
  return deliveries;
}

interface Request {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

async function call<Answer>(url: string, key: string, init: Request = {}): Promise<Answer> {
  const answer = await fetch(url, {
    ...init,
    headers: { ...init.headers, authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(15_000),
  });
  const text = await answer.text();
  if (!answer.ok) throw new RequestFailed(url, answer.status, text);
  return JSON.parse(text) as Answer;
}

/** The deliveries for people. */
function deliveryTable(deliveries: readonly Delivery[]): string {
  return renderTable([
    ['CHANNEL', 'ROLE', 'RECIPIENT', 'STATUS', 'PROVIDER', 'LATENCY'],
    ...deliveries.map(({ channel, role, recipient, status, provider, latencyMs }) => [
      channel,
      role,
      recipient,
      status,
      provider ?? '-',
      latencyMs === null ? '-' : `${latencyMs} ms`,
    ]),
  ]);
}
