import { randomUUID } from 'node:crypto';
import { services } from '@payfan/stack/testing';
import { linesTo, MEERA, sendPayout } from '../e2e/payout-world.ts';
import { KEPT } from './lib/checker.ts';
import { fault } from './lib/fault.ts';
import { count, moreAnswers, until } from './lib/look.ts';
import { logged } from './lib/logged.ts';
import { openWorld, SLOWNESS, type WireName, type World } from './lib/world.ts';

/** Clients are promised an answer, and operators a report, within 10 s. */
const PROMISED_MS = SLOWNESS * 10_000;
/** … and work as usual within 5 s of the peer's return. */
const BACK_WITHIN_MS = SLOWNESS * 5_000;
/** A path of the transaction service by which workers have transfers made. */
const BATCH = 'POST /v1/transfers/batch';

const CONNECTED_IN_VAIN = '"msg":"broker not reachable, trying again"';
const BATCH_NOT_MADE = '"msg":"batch not made, trying again"';

describe('the broker', () => {
  const speakers = services.map(({ name }) => name).filter((name) => name !== 'operations');
  let world: World<WireName>;
  beforeAll(async () => {
    world = await openWorld(speakers.map((name): WireName => `${name} to rabbitmq`));
  });
  afterAll(() => world.stop());

  fault('24. the broker silent under load, and back: packets swallowed, sockets open', async (run) => {
    const { payfan } = world;
    const wires = Object.values(world.wires);
    const load = run.load(payfan, { clients: 4, pauseMs: 40 });
    await moreAnswers(load);
    const inVain = new Map(speakers.map((name) => [name, logged(payfan.program(name), CONNECTED_IN_VAIN)]));
    for (const wire of wires) wire.hang();
    run.faults += 1;
    const silentSinceMs = performance.now();
    await Promise.all(
      speakers.map((name) =>
        until(
          `${name} reporting the broker`,
          async () => !['ok', undefined].includes((await checksOf(payfan.url(name)))['broker']),
        ),
      ),
    );
    expect(performance.now() - silentSinceMs).toBeLessThan(PROMISED_MS);
    // The silence lasts until new connections are given up too.
    await until('attempts to connect in vain', () =>
      [...inVain].every(([name, before]) => logged(payfan.program(name), CONNECTED_IN_VAIN) > before),
    );
    await until('a growing outbox', async () => (await inOutbox(world)) > 50);
    for (const wire of wires) await wire.forward();
    await moreAnswers(load);
    await load.stop();
    // Transfers need no broker.
    expect(Object.fromEntries(load.refusals)).toEqual({});
    expect(await run.judge(payfan)).toMatchObject({ ...KEPT, mailsSentAgain: [] });
  });
});

const inOutbox = ({ payfan }: World<WireName>) => count(payfan, 'select count(*) from transaction.outbox');

/** By check of `/readyz`: `ok`, or why not. */
async function checksOf(url: string): Promise<Record<string, string>> {
  const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(PROMISED_MS) });
  return ((await answer.json()) as { checks: Record<string, string> }).checks;
}

/** A request that makes a service call a peer. */
interface Request {
  wire: WireName;
  service: string;
  path: string;
  key: string;
  body?: object;
  /** What is answered while the peer is silent: 503 unless told. */
  silent?: { status: number; body: object };
  /** The service must not have remembered the answer of the peer. */
  isFirst?: boolean;
  /** More than the service may have under way with the peer, unless its limits allow one client less. */
  atOnce?: number;
}

/** Whether operations had an answer of every channel. */
const isComplete = ({ unavailable = [] }: { unavailable?: string[] }) => unavailable.length === 0;

const UNKNOWN_ID = '00000000-0000-7000-8000-000000000000';
const payout = { items: [{ to: MEERA, amount: 1, currency: 'INR', note: '' }] };
const requests: readonly Request[] = [
  { wire: 'gateway to push', service: 'gateway', path: '/v1/events', key: 'demo_asha' },
  {
    wire: 'gateway to transaction',
    service: 'gateway',
    path: '/v1/events',
    key: 'demo_meera',
    isFirst: true,
  },
  {
    wire: 'payout to transaction',
    service: 'payout',
    path: '/v1/payouts',
    key: 'demo_asha',
    body: payout,
    atOnce: 2,
  },
  {
    wire: 'phone to transaction',
    service: 'phone',
    path: `/v1/deliveries?transferId=${UNKNOWN_ID}`,
    key: 'demo_ravi',
    isFirst: true,
  },
  { wire: 'operations to management', service: 'operations', path: '/v1/queues', key: 'demo_operator' },
  {
    wire: 'operations to transaction',
    service: 'operations',
    path: `/v1/transfers/${UNKNOWN_ID}/deliveries`,
    key: 'demo_asha',
  },
  {
    wire: 'operations to email',
    service: 'operations',
    path: '/v1/dead-letters',
    key: 'demo_operator',
    silent: { status: 200, body: { unavailable: ['email'] } },
  },
];

describe('services', () => {
  let world: World<WireName>;
  beforeAll(async () => {
    world = await openWorld([...requests.map(({ wire }) => wire), 'payout-worker-premium to transaction'], {
      environment: {
        payout: { CHUNK_ITEMS: '10' },
        'payout-worker-premium': { BATCH_TIMEOUT_MS: '2000' },
      },
    });
  });
  afterAll(() => world.stop());

  const ask = async ({ service, path, key, body }: Request) => {
    const answer = await fetch(`${world.payfan.url(service)}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': 'application/json',
        'idempotency-key': randomUUID(),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(PROMISED_MS),
    });
    const { status, headers } = answer;
    return {
      status,
      retryAfter: headers.get('retry-after'),
      body: (await answer.json()) as { unavailable?: string[] },
    };
  };

  fault(
    '24. services silent to each other, and back: their clients have an answer within 10 s',
    async (run) => {
      const usual = new Map<Request, number>();
      for (const request of requests.filter(({ isFirst }) => isFirst !== true)) {
        usual.set(request, (await ask(request)).status);
      }
      for (const { wire } of requests) world.wires[wire]!.hang();
      run.faults += 1;
      await Promise.all(
        requests.flatMap((request) =>
          Array.from({ length: request.atOnce ?? 12 }, async () => {
            const answer = await ask(request);
            if (request.silent !== undefined) expect(answer).toMatchObject(request.silent);
            else expect(answer).toMatchObject({ status: 503, retryAfter: expect.stringMatching(/^\d+$/) });
          }),
        ),
      );
      for (const { wire } of requests) await world.wires[wire]!.forward();
      for (const request of requests) {
        const isUsual = async () => {
          const { status, body } = await ask(request);
          return status === (usual.get(request) ?? 200) && isComplete(body);
        };
        await until(`the usual answer by way of ${request.wire}`, isUsual, BACK_WITHIN_MS);
      }
      expect(await run.judge(world.payfan)).toMatchObject(KEPT);
    },
  );

  fault('24. transaction silent to a worker amid a payout, and back: each line is paid once', async (run) => {
    const { payfan, wires } = world;
    const worker = payfan.program('payout-worker-premium');
    const wire = wires['payout-worker-premium to transaction']!;
    // The transaction service makes the transfers of a call, and the worker does not hear of it.
    const note = 'not heard of';
    const isInTheMiddle = wire.freezeAfter(BATCH);
    const id = await sendPayout(payfan, {
      key: 'demo_asha',
      lines: linesTo([MEERA], 200, { note }),
      idempotencyKey: randomUUID(),
    });
    await isInTheMiddle;
    const isPaying = `select count(*) from transaction.transfers where note = '${note}'`;
    await until('lines being paid', async () => (await count(payfan, isPaying)) > 0);
    const failed = logged(worker, BATCH_NOT_MADE);
    wire.hang();
    run.faults += 1;
    await until('calls in vain', () => logged(worker, BATCH_NOT_MADE) > failed + 1);
    await wire.forward();
    const isCompleted = `select count(*) from payout.payouts where id = '${id}' and status = 'completed'`;
    await until('the payout being completed', async () => (await count(payfan, isCompleted)) > 0);
    expect(await run.judge(payfan)).toMatchObject(KEPT);
  });
});
