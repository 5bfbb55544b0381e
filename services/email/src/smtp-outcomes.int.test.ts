import type { SendResult } from '@payfan/channel';
import { failOver } from '@payfan/channel/contract';
import { waitFor } from '@payfan/stack/testing';
import { smtpProvider } from './smtp-client.ts';
import {
  PHASES,
  scriptedSmtpServer,
  type Failure,
  type Phase,
  type Script,
  type ScriptedSmtpServer,
} from './testing/scripted-smtp-server.ts';

const servers: ScriptedSmtpServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function start(script: Script): Promise<ScriptedSmtpServer> {
  const server = await scriptedSmtpServer(script);
  servers.push(server);
  return server;
}

const open = (url: string) =>
  smtpProvider({
    name: 'smtp',
    smtpUrl: url,
    from: { name: 'Payfan', address: 'alerts@payfan.example' },
    connections: 2,
  });

const mail = {
  to: { name: 'Ravi', address: 'ravi@example.com' },
  subject: 'Hello',
  text: 'text',
  html: '<p>html</p>',
};

/** Sends a mail to a server that fails; where the server hangs, the attempt ends by its signal. */
async function outcomeOf(script: Script & { failsAt: Phase; by: Failure }): Promise<SendResult> {
  const server = await start(script);
  const provider = open(server.url);
  const controller = new AbortController();
  const sending = provider.send(mail, { reference: 'event-1.payer', signal: controller.signal });
  if (script.by === 'hang') {
    await waitFor(() => Promise.resolve(server.failures > 0), {
      what: `the server hanging at ${script.failsAt}`,
    });
    controller.abort(new Error('no answer in time'));
  }
  const result = await sending;
  if (script.by === 'hang') {
    server.discard();
    await waitFor(() => Promise.resolve(server.open === 0), { what: 'the connection being closed' });
  }
  await provider.stop?.();
  return result;
}

const ways: [string, Failure][] = [
  ['4xx', { reply: '451 4.3.0 try later' }],
  ['5xx', { reply: '550 5.1.1 refused' }],
  ['5.7.x', { reply: '554 5.7.1 Client host blocked' }],
  ['close', 'close'],
  ['reset', 'reset'],
  ['hang', 'hang'],
];

/**
 * What is wanted of each way of failing, in the order of `ways`. `refused` is a failure that is about Payfan, and
 * `maybe refused` one that is about Payfan or about this mail.
 */
const wanted: Record<Phase, ('failed' | 'refused' | 'maybe refused' | 'rejected' | 'unknown')[]> = {
  // The server replies in plain text, which is no TLS, so a reply is a failure like any other.
  'implicit TLS': ['failed', 'failed', 'failed', 'failed', 'failed', 'failed'],
  greeting: ['failed', 'refused', 'refused', 'failed', 'failed', 'failed'],
  EHLO: ['failed', 'refused', 'refused', 'failed', 'failed', 'failed'],
  STARTTLS: ['failed', 'refused', 'refused', 'failed', 'failed', 'failed'],
  'TLS after STARTTLS': ['failed', 'failed', 'failed', 'failed', 'failed', 'failed'],
  AUTH: ['failed', 'refused', 'refused', 'failed', 'failed', 'failed'],
  MAIL: ['failed', 'refused', 'refused', 'failed', 'failed', 'failed'],
  RCPT: ['failed', 'rejected', 'maybe refused', 'failed', 'failed', 'failed'],
  DATA: ['failed', 'rejected', 'maybe refused', 'failed', 'failed', 'failed'],
  // The final dot follows the content at once, so it may have arrived.
  body: ['failed', 'rejected', 'maybe refused', 'unknown', 'unknown', 'unknown'],
  'final dot': ['failed', 'rejected', 'maybe refused', 'unknown', 'unknown', 'unknown'],
};

const cases = PHASES.flatMap((failsAt) =>
  ways.map(([way, by], index) => ({ failsAt, way, by, outcome: wanted[failsAt][index] })),
);

describe.each([{ pipelining: false }, { pipelining: true }])('%j', ({ pipelining }) => {
  test.each(cases)('a server that fails at $failsAt by $way: $outcome', async ({ failsAt, by, outcome }) => {
    const result = await outcomeOf({ failsAt, by, pipelining });
    expect(result).toEqual({
      kind: outcome === 'refused' || outcome === 'maybe refused' ? 'failed' : outcome,
      ...(outcome === 'refused' && { refusesUs: true }),
      ...(outcome === 'maybe refused' && { refusesUs: 'maybe' }),
      error: expect.any(String) as string,
    });
  });
});

const MAILS = 12;
const addresses = Array.from({ length: MAILS }, (_, index) => `ravi-${index}@example.com`);

/** Sends mails at once over two servers, of which the first one fails. */
async function takenBySecond(script: Script, timeoutMs: number) {
  const [first, second] = [await start(script), await start({})];
  const providers = [open(first.url), { ...open(second.url), name: 'smtp-2' }];
  const send = failOver(providers, { concurrency: MAILS, timeoutMs });
  const attempts = await Promise.all(
    addresses.map((address) => send({ ...mail, to: { name: 'Ravi', address } }, address)),
  );
  for (const provider of providers) await provider.stop?.();
  return {
    sentBy: attempts.map(({ result, provider }) => `${result.kind} by ${provider}`),
    taken: second.taken.toSorted(),
  };
}

const failures = cases.filter(({ outcome }) => outcome !== 'rejected' && outcome !== 'unknown');
const [hanging, answering] = [
  failures.filter(({ by }) => by === 'hang'),
  failures.filter(({ by }) => by !== 'hang'),
];
const allOnce = { sentBy: addresses.map(() => 'sent by smtp-2'), taken: addresses.toSorted() };

test.each(answering)(
  'where the first of two servers fails at $failsAt by $way, the second takes all mails, each once',
  async ({ failsAt, by }) => {
    expect(await takenBySecond({ failsAt, by }, 60_000)).toEqual(allOnce);
  },
);

test('where the first of two servers hangs before the final dot, the second takes all mails, each once', async () => {
  // Each mail waits for this deadline once; it leaves the healthy server time enough on a slow machine.
  const results = await Promise.all(hanging.map(({ failsAt, by }) => takenBySecond({ failsAt, by }, 5_000)));
  expect(results).toEqual(hanging.map(() => allOnce));
});
