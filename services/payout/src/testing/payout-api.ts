import { payoutsTopology } from '@payfan/contracts';
import { openDatabase, type Database } from '@payfan/database';
import { openBroker } from '@payfan/messaging';
import { Outbox } from '@payfan/outbox';
import {
  createHealth,
  createLogger,
  createMetrics,
  httpServer,
  newId,
  remoteAuthenticator,
} from '@payfan/service';
import {
  freshBroker,
  freshDatabase,
  LIMITS_OFF,
  openDemoAccounts,
  startProgram,
  type Program,
} from '@payfan/stack/testing';
import { accountOfCaller } from '../account-client.ts';
import { routes } from '../http/routes.ts';

/** Answers are read by whoever knows what they should be. */
interface Answer {
  status: number;
  headers: Headers;
  text: string;
  body: Record<string, unknown> & { errors?: { line?: number; path: string; message: string }[] };
}

interface Sending {
  /** Asha's unless told. */
  key?: string;
  /** A new one unless told; null for none. */
  idempotencyKey?: string | null;
  type?: string;
  query?: string;
  headers?: Record<string, string>;
}

/** For tests: this service's API over the real transaction service, and nobody who works payouts off. */
export interface TestApi {
  readonly url: string;
  /** As a role that may do everything. */
  readonly admin: Database;
  readonly transaction: Program;
  call(path: string, init?: RequestInit & { key?: string }): Promise<Answer>;
  /** Sends a payout: items as JSON, a text or bytes as CSV. */
  send(body: object[] | string | Buffer, sending?: Sending): Promise<Answer>;
  count(table: string): Promise<number>;
  close(): Promise<void>;
}

export const HEADER = 'to,amount,currency,note\n';
/** Ravi's number in another spelling each time, and Meera's. */
export const RAVI = '7010233311';
export const MEERA = '+91 70102 33312';

let keys = 0;
export const nextKey = (): string => `key-${++keys}`;

export async function openPayoutApi({
  chunkItems = 2,
  linesToOnePayee = 0,
  unknownPayeesPerHour = 0,
  now = () => new Date(),
} = {}): Promise<TestApi> {
  const [fresh, vhost] = await Promise.all([freshDatabase(), freshBroker()]);
  await openDemoAccounts(fresh);
  const transaction = await startProgram({
    name: 'transaction',
    entry: 'services/transaction/dist/main.js',
    env: {
      DATABASE_URL: fresh.urlFor('transaction'),
      AMQP_URL: vhost.urlFor('transaction'),
      PAYFAN_DEMO: 'true',
      SERVICE_KEYS: 'gateway=key-of-gateway',
      SERVICE_GRANTS: 'gateway=payout-owners',
      ...LIMITS_OFF,
    },
  });
  const logger = createLogger({ service: 'payout', level: 'silent' });
  const database = openDatabase({ url: fresh.urlFor('payout'), name: 'payout' });
  const admin = openDatabase({ url: fresh.adminUrl, name: 'admin', max: 2 });
  // Never started: what is to be published stays in the outbox, to be looked at.
  const broker = openBroker({
    urls: [vhost.urlFor('payout')],
    name: 'payout',
    log: logger,
    topology: payoutsTopology,
  });
  const api = routes({
    database,
    outbox: new Outbox({ database, broker, log: logger, relayId: newId() }),
    authenticate: remoteAuthenticator({ transactionUrl: transaction.url }),
    accountOfCaller: (authorization) => accountOfCaller(transaction.url, authorization),
    onProgress: () => undefined,
    chunkItems,
    linesToOnePayee,
    unknownPayeesPerHour,
    logger,
    health: createHealth({ database: () => database.ping() }),
    metrics: createMetrics('payout'),
    newId,
    now,
  });
  const server = httpServer({ api, port: 0, logger, http: { host: '127.0.0.1' } });
  await server.start();
  const url = `http://127.0.0.1:${server.port}`;

  const call: TestApi['call'] = async (path, { key = 'demo_asha', headers, ...init } = {}) => {
    const response = await fetch(`${url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${key}`, ...(headers as Record<string, string>) },
    });
    const text = await response.text();
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: (isJson && text !== '' ? JSON.parse(text) : {}) as Answer['body'],
    };
  };

  return {
    url,
    admin,
    transaction,
    call,
    send(body, { key, idempotencyKey = nextKey(), type, query = '', headers = {} } = {}) {
      const isJson = Array.isArray(body);
      return call(`/v1/payouts${query}`, {
        method: 'POST',
        ...(key !== undefined && { key }),
        headers: {
          'content-type': type ?? (isJson ? 'application/json' : 'text/csv'),
          ...(idempotencyKey !== null && { 'idempotency-key': idempotencyKey }),
          ...headers,
        },
        body: isJson ? JSON.stringify({ items: body }) : (body as string),
      });
    },
    async count(table) {
      const [row] = await admin.query<{ n: number }>({ text: `select count(*) as n from payout.${table}` });
      return row?.n ?? -1;
    },
    async close() {
      await server.stop();
      await Promise.all([database.stop(), admin.stop(), transaction.stop()]);
      await Promise.all([fresh.drop(), vhost.remove()]);
    },
  };
}
