import { appendFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Payfan, Program } from '@payfan/stack/testing';
import type { Tally } from '../../live/tally.ts';
import { check, type Verdict } from './checker.ts';
import { atRest, quiet, type LivenessOptions } from './liveness.ts';
import { Load, type LoadOptions } from './load.ts';
import type { Outside } from './outside.ts';
import { chooseSeed, seededRandom, type Random } from './random.ts';

/** Loads that ran against each Payfan: its ledger holds them all, whichever case began them. */
const loadsOf = new WeakMap<Payfan, Load[]>();

export interface JudgeOptions extends LivenessOptions {
  /** Where alerts may have arrived beside Payfan's own sandbox. */
  alsoOutside?: readonly Outside[];
}

/** One fault case under way. */
export class FaultRun {
  readonly random: Random;
  /** Processes killed, connections cut, servers frozen: what was done to it. */
  faults = 0;
  verdict: Verdict | undefined;
  /** What those were told who followed their accounts meanwhile. */
  live: Tally | undefined;
  healedMs: number | undefined;
  readonly seed: number;
  readonly #loads: Load[] = [];

  constructor(seed: number) {
    this.seed = seed;
    this.random = seededRandom(seed);
  }

  /** Lets people pay each other. */
  load(payfan: Payfan, options: Partial<LoadOptions> = {}): Load {
    const load = new Load({ urls: [payfan.url('transaction')], random: this.random, ...options });
    loadsOf.set(payfan, [...(loadsOf.get(payfan) ?? []), load]);
    this.#loads.push(load);
    return load;
  }

  /** A case that failed or took too long leaves nothing behind that would fail the next one too. */
  end(): void {
    for (const load of this.#loads) load.stop().catch(() => undefined);
  }

  async kill(program: Program): Promise<void> {
    this.faults += 1;
    await program.kill();
  }

  /** Waits until everything is at rest, and compares the ledger with what arrived. */
  async judge(payfan: Payfan, options: JudgeOptions = {}): Promise<Verdict> {
    this.healedMs = await atRest(payfan, options);
    return this.#check(payfan, options.alsoOutside);
  }

  /** The same for a system that is not expected to heal: waits until nothing moves any more. */
  async judgeWhenQuiet(payfan: Payfan): Promise<Verdict> {
    await quiet(payfan);
    return this.#check(payfan);
  }

  async #check(payfan: Payfan, alsoOutside?: readonly Outside[]): Promise<Verdict> {
    this.verdict = await check(payfan, loadsOf.get(payfan) ?? [], alsoOutside);
    return this.verdict;
  }
}

let current: FaultRun | undefined;
// A test that timed out is still in its body, so its own `finally` comes too late or never.
afterEach(() => current?.end());

/** Longer than the waits of a case on a slow machine, so that the wait that fails reports what is missing. */
const CASE_TIMEOUT_MS = 900_000;

/** A test that hurts the system, under a seed of its own, and tells what it did and what came of it. */
export function fault(
  name: string,
  body: (run: FaultRun) => Promise<void>,
  timeoutMs = CASE_TIMEOUT_MS,
): void {
  test(
    name,
    async () => {
      const run = new FaultRun(chooseSeed());
      current = run;
      const begunMs = performance.now();
      try {
        await body(run);
      } finally {
        tell(name, run, performance.now() - begunMs);
      }
    },
    timeoutMs,
  );
}

/** Jest runs at the root of the repository. */
const reportFile = path.resolve('.payfan/fault-report.jsonl');

function tell(name: string, { seed, faults, verdict, live, healedMs }: FaultRun, tookMs: number): void {
  const row = {
    name,
    seed,
    faults,
    transfers: verdict?.committed ?? null,
    lost: verdict?.lost.length ?? null,
    unexpected: verdict?.unexpected.length ?? null,
    doubled: verdict?.doubled.length ?? null,
    mailsSentAgain: verdict?.mailsSentAgain.length ?? null,
    followers: live?.clients ?? null,
    followed: live?.expected ?? null,
    lostLive: live?.lost ?? null,
    doubledLive: live?.doubled ?? null,
    healedSeconds: healedMs === undefined ? null : Math.round(healedMs / 100) / 10,
    seconds: Math.round(tookMs / 100) / 10,
  };
  mkdirSync(path.dirname(reportFile), { recursive: true });
  appendFileSync(reportFile, `${JSON.stringify(row)}\n`);
  const shown = Object.entries(row).filter(([key, value]) => key !== 'name' && value !== null);
  process.stderr.write(`${name}\n  ${shown.map(([key, value]) => `${key} ${value}`).join(' · ')}\n`);
}
