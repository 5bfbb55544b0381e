import { setTimeout as delay } from 'node:timers/promises';
import { BulkBacklog } from './bulk-backlog.ts';
import type { BenchOptions, Figure } from './figure.ts';
import { IdleSockets } from './idle-sockets.ts';
import { Merchant } from './merchant.ts';
import { overRounds, perSecond, ratios } from './rounds.ts';
import { withStage, type Stage } from './stage.ts';
import { quantile } from './statistics.ts';
import { timesOfPeople } from './times-of-people.ts';
import { CHANNELS } from './told.ts';
import { transferRequest } from './transfer-request.ts';

const LINES = 5_000;
/** Transfers that a client sends one by one: as long as the payout, more or less. */
const ONE_BY_ONE = 2_000;
const CLIENTS = 64;
/** Of each payout that fills a lane; two are under way at a time. */
const CROWD_LINES = 50_000;
const LOOK_EVERY_MS = 500;
const FREE_LINES = 2_000;

interface Round {
  /** Lines and transfers a second. */
  payout: number;
  oneByOne: number;
  byManyClients: number;
  /** From a request to the last of six deliveries, in milliseconds. */
  idle: number[];
  full: number[];
  /** Lines a second of a free payout. */
  freeAlone: number;
  freeBeside: number;
}

/**
 * A payout against the same transfers sent one by one, both with the channels stopped, as it is the money that is
 * compared; people beside payouts that fill both lanes; and a free payout beside a premium one.
 */
export async function payouts({ rounds, say }: BenchOptions): Promise<Figure[]> {
  const measured: Round[] = [];
  await withStage(async (stage) => {
    const backlog = await BulkBacklog.open(stage);
    const premium = await Merchant.open(stage, 1, 'premium');
    const free = await Merchant.open(stage, 2, 'free');
    for (let round = 1; round <= rounds; round += 1) {
      const speed = await speeds(stage, premium);
      await backlog.empty();
      say(`  round ${round}: ${speed.payout.toFixed(0)} lines/s, one by one ${speed.oneByOne.toFixed(0)}/s`);
      const idle = await timesOfPeople(stage);
      const full = await besidePayouts([premium, free], () => timesOfPeople(stage));
      await backlog.empty();
      say(
        `  round ${round}: p99 ${quantile(idle, 0.99).toFixed(0)} ms idle, ${quantile(full, 0.99).toFixed(0)} ms beside payouts`,
      );
      const pay = () => perSecond(FREE_LINES, async () => free.finished(await free.pay(FREE_LINES)));
      const freeAlone = await pay();
      const freeBeside = await besidePayouts([premium], pay);
      await backlog.empty();
      measured.push({ ...speed, idle, full, freeAlone, freeBeside });
    }
    await backlog.close();
  });
  return figuresOf(measured);
}

async function speeds(
  stage: Stage,
  merchant: Merchant,
): Promise<Pick<Round, 'payout' | 'oneByOne' | 'byManyClients'>> {
  await Promise.all(CHANNELS.map((channel) => stage.payfan.program(channel).stop()));
  const payout = await perSecond(LINES, async () => merchant.finished(await merchant.pay(LINES)));
  const oneByOne = await perSecond(ONE_BY_ONE, () => transfersBy(stage, 1));
  const byManyClients = await perSecond(ONE_BY_ONE, () => transfersBy(stage, CLIENTS));
  await Promise.all(CHANNELS.map((channel) => stage.payfan.restart(channel)));
  return { payout, oneByOne, byManyClients };
}

/** Transfers by so many clients, each of whom waits for an answer before it sends the next. */
async function transfersBy(stage: Stage, clients: number): Promise<void> {
  const sockets = new IdleSockets(stage.payfan.url('transaction'));
  let sent = 0;
  const client = async () => {
    while (sent < ONE_BY_ONE) {
      sent += 1;
      const { status, body } = await sockets.ask(transferRequest(stage.accounts));
      if (status !== 201) throw new Error(`a transfer was answered ${status}: ${body}`);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  sockets.close();
}

/** Does the work while payouts of each are under way from its first moment to its last. */
async function besidePayouts<T>(merchants: readonly Merchant[], work: () => Promise<T>): Promise<T> {
  const crowds = await Promise.all(merchants.map((merchant) => Crowd.begin(merchant)));
  try {
    return await work();
  } finally {
    await Promise.all(crowds.map((crowd) => crowd.end()));
  }
}

/** Payouts of one merchant, the next one sent before the one before it is finished. */
class Crowd {
  readonly #merchant: Merchant;
  readonly #running: Promise<void>;
  #ids: string[];
  #ended = false;

  private constructor(merchant: Merchant, ids: string[]) {
    this.#merchant = merchant;
    this.#ids = ids;
    this.#running = this.#goOn();
  }

  static async begin(merchant: Merchant): Promise<Crowd> {
    return new Crowd(merchant, [await merchant.pay(CROWD_LINES), await merchant.pay(CROWD_LINES)]);
  }

  async end(): Promise<void> {
    this.#ended = true;
    await this.#running;
    for (const id of this.#ids) await this.#merchant.cancel(id);
  }

  async #goOn(): Promise<void> {
    while (!this.#ended) {
      const open = await Promise.all(this.#ids.map((id) => this.#merchant.isOpen(id)));
      this.#ids = this.#ids.filter((_, index) => open[index] === true);
      if (this.#ids.length < 2) this.#ids.push(await this.#merchant.pay(CROWD_LINES));
      else await delay(LOOK_EVERY_MS);
    }
  }
}

function figuresOf(measured: readonly Round[]): Figure[] {
  const of = (what: (round: Round) => number) => measured.map(what);
  const idle = of((round) => quantile(round.idle, 0.99));
  const full = of((round) => quantile(round.full, 0.99));
  return [
    overRounds(
      { what: 'lines of a premium payout', unit: '/s' },
      of(({ payout }) => payout),
    ),
    overRounds(
      { what: 'the same transfers one by one', unit: '/s' },
      of(({ oneByOne }) => oneByOne),
    ),
    overRounds(
      { what: `the same by ${CLIENTS} clients at once`, unit: '/s' },
      of(({ byManyClients }) => byManyClients),
    ),
    overRounds(
      { what: 'payout, against one by one', unit: '×', atLeast: 3 },
      of(({ payout, oneByOne }) => payout / oneByOne),
    ),
    overRounds(
      { what: 'told within, lanes empty, p50', unit: 'ms' },
      of((round) => quantile(round.idle, 0.5)),
    ),
    overRounds(
      { what: 'told within, both lanes full, p50', unit: 'ms' },
      of((round) => quantile(round.full, 0.5)),
    ),
    overRounds({ what: 'told within, lanes empty, p99', unit: 'ms' }, idle),
    overRounds({ what: 'told within, both lanes full, p99', unit: 'ms' }, full),
    overRounds(
      { what: 'p99 with both lanes full, against empty', unit: '×', atMost: 1.2 },
      ratios(full, idle),
    ),
    overRounds(
      { what: 'lines of a free payout, alone', unit: '/s' },
      of(({ freeAlone }) => freeAlone),
    ),
    overRounds(
      { what: 'the same, premium lane full', unit: '/s' },
      of(({ freeBeside }) => freeBeside),
    ),
    overRounds(
      { what: 'free payout slower by, premium lane full', unit: '×' },
      of(({ freeAlone, freeBeside }) => freeAlone / freeBeside),
    ),
  ];
}
