import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { openDatabase } from '@payfan/database';
import { openBroker } from '@payfan/messaging';
import { remoteAuthenticator } from '@payfan/service';

/**
 * A program for refusals.test.ts, started with NODE_EXTRA_CA_CERTS as services are: connects to everything as they do,
 * and prints for each connection `ok` or why it was refused.
 */
const {
  DATABASE_URL = '',
  AMQP_URL = '',
  SMTP_URL = '',
  TRANSACTION_URL = '',
  MANAGEMENT_URL = '',
} = process.env;
const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Services are not this project's libraries, so their modules are found by their paths. */
const ofService = (file: string): Promise<unknown> =>
  import(pathToFileURL(path.resolve(process.cwd(), 'services', file)).href);

async function database(): Promise<void> {
  const opened = openDatabase({ url: DATABASE_URL, name: 'client' });
  try {
    await opened.start();
  } finally {
    await opened.stop();
  }
}

/** Resolves when connected; rejects when the first attempts have failed. */
async function broker(): Promise<void> {
  const topology = { exchanges: [], queues: [], bindings: [] };
  const opened = openBroker({ urls: [AMQP_URL], name: 'client', log, topology });
  await opened.start();
  try {
    for (let attempt = 1; ; attempt += 1) {
      await pause(100);
      const failure = await opened.ping().catch((error: unknown) => error as Error);
      if (failure === undefined) return;
      const isUndecided = /connecting|not publishing/.test(failure.message);
      if (!isUndecided || attempt === 200) throw failure;
    }
  } finally {
    await opened.stop();
  }
}

async function mail(): Promise<void> {
  const { smtpProvider } = (await ofService('email/dist/smtp-client.js')) as {
    smtpProvider: (options: object) => {
      send: (mail: object, options: object) => Promise<{ kind: string; error?: string }>;
      stop: () => Promise<void>;
    };
  };
  const from = { name: 'Payfan', address: 'alerts@payfan.example' };
  const provider = smtpProvider({ name: 'smtp', smtpUrl: SMTP_URL, from, connections: 1, timeoutMs: 10_000 });
  const to = { name: 'Ravi', address: 'ravi@example.com' };
  const written = { to, subject: 'Hello', text: 'text', html: '<p>html</p>' };
  const result = await provider.send(written, { reference: 'r', signal: AbortSignal.timeout(20_000) });
  await provider.stop();
  if (result.kind !== 'sent') throw new Error(`${result.kind}: ${result.error}`);
}

async function service(): Promise<void> {
  await remoteAuthenticator({ transactionUrl: TRANSACTION_URL, timeoutMs: 20_000 })('a-key-of-nobody');
}

async function management(): Promise<void> {
  const { countQueues } = (await ofService('operations/dist/management-client.js')) as {
    countQueues: (options: object) => Promise<unknown>;
  };
  await countQueues({ url: MANAGEMENT_URL, vhost: '/' });
}

/** Why it failed, with the causes: fetch hides the reason in one. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${reasonOf(error.cause)}`;
}

const outcomes = await Promise.all(
  Object.entries({ database, broker, mail, service, management }).map(async ([name, connect]) => {
    const outcome = await connect().then(
      () => 'ok',
      (error: unknown) => reasonOf(error),
    );
    return [name, outcome] as const;
  }),
);
process.stdout.write(JSON.stringify(Object.fromEntries(outcomes)));
process.exit(0);
