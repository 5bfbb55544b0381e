/** A part of the world outside, as the sandbox plays it. */
export interface Outside {
  /** The SMS gateway. */
  smsUrl: string;
  /** The inbox over HTTP. */
  mailApi: string;
}

/** What the sandbox is asked to do wrong; `{}` is the way back to doing all right. */
export interface Behaviour {
  /** Share of messages refused for now. */
  failRate?: number;
  /** Messages are taken and never answered. */
  hang?: boolean;
  /** Between taking a message and answering. */
  delayMs?: number;
  /** SMS: what is refused for now is told when to come again. */
  retryAfterSeconds?: number;
}

/** @param url the SMS gateway, or the inbox over HTTP for its mail server */
export async function behave(url: string, behaviour: Behaviour): Promise<void> {
  const answer = await fetch(`${url}/behaviour`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(behaviour),
  });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`the sandbox answered ${answer.status}`);
}

/** One sending that arrived outside. */
export interface ArrivedAttempt {
  /** ISO 8601. */
  time: string;
  /** `<event>.<role>`. */
  reference: string;
  to: string;
  outcome: string;
}

/** Every attempt there, oldest first. */
export async function attemptsAt(url: string): Promise<ArrivedAttempt[]> {
  const attempts = await pages<ArrivedAttempt>(`${url}/attempts?limit=10000`);
  // A Message-ID names a domain as well.
  return attempts.map((attempt) => ({ ...attempt, reference: attempt.reference.replace(/@.*$/, '') }));
}

/** The attempts of each alert, in their order. */
export function byReference(attempts: readonly ArrivedAttempt[]): Map<string, ArrivedAttempt[]> {
  const all = new Map<string, ArrivedAttempt[]>();
  for (const attempt of attempts) {
    all.set(attempt.reference, [...(all.get(attempt.reference) ?? []), attempt]);
  }
  return all;
}

/** All items of a list that comes in pages. */
export async function pages<Item>(url: string): Promise<Item[]> {
  const items: Item[] = [];
  for (let after: string | null = ''; after !== null;) {
    const response = await fetch(after === '' ? url : `${url}&after=${after}`);
    const page = (await response.json()) as { data: Item[]; nextCursor: string | null };
    items.push(...page.data);
    after = page.nextCursor;
  }
  return items;
}
