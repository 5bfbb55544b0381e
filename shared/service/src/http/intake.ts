import { Counter } from 'prom-client';
import { Problem } from '../problem.ts';
import { FairShare, type Shortage } from './fair-share.ts';
import type { Registry } from 'prom-client';
import type { Principal } from '../token.ts';

/** Bytes of request bodies that a process holds at once. */
const BODY_BYTES = 128 * 1024 * 1024;
/** Of the bytes that are free, an account may hold half: alone a third of all, which is one CSV file of the largest size. */
const BYTES_FRACTION = 1 / 2;
/** Of the free slots of a route, an account may hold a quarter. */
const SLOTS_FRACTION = 1 / 4;
const RETRY_AFTER_SECONDS = 2;

const REFUSED_METRIC = 'payfan_request_bodies_refused_total';

/** `slots` and `bytes` count what the process lacked; `owner_…` what one account, service or operator had used up. */
type RefusalReason = 'owner_slots' | 'slots' | 'owner_bytes' | 'bytes' | 'idle' | 'slow';

/** What one request holds of the intake until it is answered. */
export interface Admission {
  /** Accounts for bytes of the body that arrived. Returns a 429 or 503 Problem if the process may not hold them. */
  readonly takeBytes: (count: number) => Problem | undefined;
  /** Gives everything back. */
  readonly release: () => void;
}

/** Bounds how many request bodies a process receives at once, and how many bytes of them it holds. */
export class Intake {
  readonly #bytes: FairShare;
  readonly #refused: Counter<'reason'>;

  /** @param bodyBytes the bound for all bodies together. Tests lower it. */
  constructor(metrics: Registry, bodyBytes: number = BODY_BYTES) {
    this.#bytes = new FairShare(bodyBytes, BYTES_FRACTION);
    this.#refused = refusedCounter(metrics);
  }

  /** The slots of one route: see `slots` there. */
  slots(count: number): FairShare {
    return new FairShare(count, SLOTS_FRACTION);
  }

  /** Admits a request before its body is read. Throws a 429 or 503 Problem if its route has no slot for it. */
  admit(principal: Principal | undefined, slots: FairShare | undefined): Admission {
    const owner = ownerOf(principal);
    const shortage = slots?.take(owner, 1);
    if (shortage !== undefined) throw this.#refuse(shortage, 'slots');
    let bytes = 0;
    return {
      takeBytes: (count) => {
        const missing = this.#bytes.take(owner, count);
        if (missing !== undefined) return this.#refuse(missing, 'bytes');
        bytes += count;
        return undefined;
      },
      release: () => {
        slots?.giveBack(owner, 1);
        if (bytes > 0) this.#bytes.giveBack(owner, bytes);
      },
    };
  }

  /** Counts a body that was refused, or given up. */
  countRefusal(reason: RefusalReason): void {
    this.#refused.inc({ reason });
  }

  #refuse(shortage: Shortage, what: 'slots' | 'bytes'): Problem {
    this.countRefusal(shortage === 'owner' ? `owner_${what}` : what);
    return shortage === 'owner'
      ? new Problem({
          status: 429,
          code: 'too_many_uploads',
          detail: 'You have as many uploads under way as you may have. Send this one when another has ended.',
          retryAfterSeconds: RETRY_AFTER_SECONDS,
        })
      : new Problem({
          status: 503,
          code: 'overloaded',
          detail: 'The service receives as many uploads as it can. Repeat the request shortly.',
          retryAfterSeconds: RETRY_AFTER_SECONDS,
        });
  }
}

function ownerOf(principal: Principal | undefined): string {
  if (principal === undefined) return 'anonymous';
  return `${principal.kind} ${principal.kind === 'account' ? principal.accountId : principal.name}`;
}

/** Several APIs in one process share a registry's counter. */
function refusedCounter(registry: Registry): Counter<'reason'> {
  const existing = registry.getSingleMetric(REFUSED_METRIC);
  if (existing instanceof Counter) return existing;
  return new Counter({
    name: REFUSED_METRIC,
    help: 'Request bodies refused for want of slots or bytes, or given up because they were idle or slow. Sum over copies.',
    labelNames: ['reason'],
    registers: [registry],
  });
}
