/** Somebody who follows a topic with a log from its first event on. */
export interface Told {
  readonly topic: string;
  /** The numbers told, as they came. */
  readonly told: readonly number[];
}

/** What came of it for all who follow. */
export interface Tally {
  clients: number;
  /** By the logs. */
  expected: number;
  lost: number;
  doubled: number;
  /** Told before one that comes before it. */
  disordered: number;
}

/** @param heads the last number of every topic's log */
export function tally(followers: readonly Told[], heads: ReadonlyMap<string, number>): Tally {
  const sum = { clients: followers.length, expected: 0, lost: 0, doubled: 0, disordered: 0 };
  for (const { topic, told } of followers) {
    const head = heads.get(topic) ?? 0;
    const different = new Set(told);
    sum.expected += head;
    for (let seq = 1; seq <= head; seq += 1) if (!different.has(seq)) sum.lost += 1;
    sum.doubled += told.length - different.size;
    sum.disordered += told.filter((seq, index) => seq < (told[index - 1] ?? 0)).length;
  }
  return sum;
}

/** Whether everybody has been told the last event of their topic. */
export function areAtTheEnd(followers: readonly Told[], heads: ReadonlyMap<string, number>): boolean {
  return followers.every(({ topic, told }) => (told.at(-1) ?? 0) >= (heads.get(topic) ?? 0));
}

/** The promise. */
export const NOTHING_AMISS = { lost: 0, doubled: 0, disordered: 0 };
