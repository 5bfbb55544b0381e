import type { Database } from '@payfan/database';
import {
  createTokenIssuer,
  decryptKept,
  generateSigningKey,
  newId,
  TOKEN_LIFETIME_SECONDS,
  type KeyEncryption,
  type Logger,
  type Part,
  type Principal,
  type TokenIssuer,
} from '@payfan/service';
import {
  addSigningKey,
  alone,
  encryptSigningKey,
  forgetSigningKeys,
  listSigningKeys,
  type SigningJwk,
  type SigningKeyRow,
} from './signing-key-store.ts';

export interface SigningKeysOptions {
  database: Database;
  encryption?: KeyEncryption | undefined;
  logger: Logger;
  /** Milliseconds since 1970. */
  nowMs?: () => number;
  rereadEveryMs?: number;
  /** How long a new key is published before it signs. */
  waitMs?: number;
}

interface SigningKey {
  id: string;
  issuer: TokenIssuer;
  signsAtMs: number;
}

/** A key that another process added is published by this one after at most so long. */
const REREAD_EVERY_MS = 5_000;
/**
 * Longer than a verifier may go without a new key: the reread above, 60 s in an HTTP cache (see the JWKS route), and
 * 5 s until a verifier that meets an unknown key asks again.
 */
const WAIT_MS = 90_000;
/** A process signs with the replaced key until its next reread, and its clock may be behind the database's. */
const SLACK_MS = 60_000;

const FIRST_ID = 'first';
const nameOf = (id: string): string => `signing key ${id}`;

/**
 * The keys that sign tokens, which every process of this service shares. All are published; the newest that every
 * verifier can have signs. A replaced key stays published until the last token that it signed has ended.
 */
export class SigningKeys implements TokenIssuer, Part {
  readonly name = 'signing keys';
  readonly #options: Required<Omit<SigningKeysOptions, 'encryption'>> &
    Pick<SigningKeysOptions, 'encryption'>;
  #keys: readonly SigningKey[] = [];
  #ignored = new Set<string>();
  #isFailing = false;
  #timer: NodeJS.Timeout | undefined;
  #rereading: Promise<void> | undefined;

  private constructor(options: SigningKeysOptions) {
    this.#options = { nowMs: Date.now, rereadEveryMs: REREAD_EVERY_MS, waitMs: WAIT_MS, ...options };
  }

  /** @throws ConfigError if KEY_ENCRYPTION_KEY does not fit the keys in the database */
  static async open(options: SigningKeysOptions): Promise<SigningKeys> {
    const keys = new SigningKeys(options);
    await keys.#prepare();
    await keys.reread();
    return keys;
  }

  get jwks(): TokenIssuer['jwks'] {
    return { keys: this.#keys.flatMap(({ issuer }) => issuer.jwks.keys) };
  }

  issue(principal: Principal): ReturnType<TokenIssuer['issue']> {
    const now = this.#options.nowMs();
    const ready = this.#keys.findLast(({ signsAtMs }) => signsAtMs <= now);
    // Of a new installation the first key signs at once: no verifier has fetched anything yet.
    const signer = ready ?? this.#keys[0];
    if (signer === undefined) throw new Error('there is no signing key');
    return signer.issuer.issue(principal);
  }

  /** Adds a key that will sign, unless one waits for that already. */
  async rotate(): Promise<{ id: string; signsAt: Date }> {
    const { database } = this.#options;
    await alone(database, async (tx) => {
      const rows = await listSigningKeys(tx);
      const waiting = rows.length > 1 && (rows.at(-1)?.ageMs ?? 0) < this.#options.waitMs;
      if (!waiting) await this.#add(tx, newId());
    });
    await this.reread();
    const newest = this.#keys.at(-1);
    if (newest === undefined) throw new Error('the signing key was written and cannot be read back');
    return { id: newest.id, signsAt: new Date(newest.signsAtMs) };
  }

  /** Learns of keys that other processes added or removed. */
  async reread(): Promise<void> {
    const { database, waitMs } = this.#options;
    await forgetSigningKeys(database, waitMs + TOKEN_LIFETIME_SECONDS * 1_000 + SLACK_MS);
    const known = new Map(this.#keys.map((key) => [key.id, key]));
    const keys: SigningKey[] = [];
    for (const row of await listSigningKeys(database)) {
      const key = known.get(row.id) ?? (await this.#read(row));
      if (key !== undefined) keys.push(key);
    }
    this.#keys = keys;
  }

  start(): Promise<void> {
    this.#timer = setInterval(() => {
      this.#rereading ??= this.#rereadOrWarn().finally(() => (this.#rereading = undefined));
    }, this.#options.rereadEveryMs);
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#rereading;
  }

  /** Warns once of an outage, and goes on with the keys that are known. */
  async #rereadOrWarn(): Promise<void> {
    try {
      await this.reread();
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.#options.logger.warn({ err: error }, 'signing keys could not be read again');
      this.#isFailing = true;
    }
  }

  /** Makes the first key, and encrypts keys of a time without KEY_ENCRYPTION_KEY. */
  async #prepare(): Promise<void> {
    const { database, encryption, logger } = this.#options;
    if (encryption === undefined) {
      logger.warn(
        'KEY_ENCRYPTION_KEY is not set: the keys that sign tokens are in the database as plain text',
      );
    }
    await alone(database, async (tx) => {
      const rows = await listSigningKeys(tx);
      if (rows.length === 0) await this.#add(tx, FIRST_ID);
      // Beside an encrypted key a plain one is none of ours: only who has KEY_ENCRYPTION_KEY may add a key.
      if (encryption === undefined || rows.some(isEncrypted)) return;
      for (const { id, private: key } of rows) {
        await encryptSigningKey(tx, id, encryption.encrypt(JSON.stringify(key), nameOf(id)));
      }
    });
  }

  async #add(tx: Parameters<typeof addSigningKey>[0], id: string): Promise<void> {
    const key = await generateSigningKey();
    const { encryption } = this.#options;
    const kept = encryption === undefined ? key : encryption.encrypt(JSON.stringify(key), nameOf(id));
    await addSigningKey(tx, { id, private: kept });
  }

  /** Undefined for a plain key where keys are encrypted: somebody without KEY_ENCRYPTION_KEY put it there. */
  async #read({ id, private: kept, ageMs }: SigningKeyRow): Promise<SigningKey | undefined> {
    const { encryption, logger, nowMs, waitMs } = this.#options;
    if (encryption !== undefined && typeof kept !== 'string') {
      if (!this.#ignored.has(id)) logger.error({ id }, 'a signing key that is not encrypted is ignored');
      this.#ignored.add(id);
      return undefined;
    }
    const jwk =
      typeof kept === 'string' ? (JSON.parse(decryptKept(encryption, kept, nameOf(id))) as SigningJwk) : kept;
    return { id, issuer: await createTokenIssuer(jwk, nowMs), signsAtMs: nowMs() - ageMs + waitMs };
  }
}

const isEncrypted = ({ private: kept }: SigningKeyRow): boolean => typeof kept === 'string';
