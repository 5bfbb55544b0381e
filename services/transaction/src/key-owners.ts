import { createHash } from 'node:crypto';
import type { Queryable } from '@payfan/database';
import { ConfigError, type Principal } from '@payfan/service';
import { findAccountOwner, findKeyOwner } from './credential-store.ts';

/** An account's tier is looked up whenever the key is, as it may change. */
export type KeyOwner = { kind: 'account'; accountId: string } | Exclude<Principal, { kind: 'account' }>;

export interface KnownKey {
  key: string;
  owner: KeyOwner;
}

/** SHA-256: keys are long and random, so a slow hash would protect them no better. */
export const hashKey = (key: string): Buffer => createHash('sha256').update(key).digest();

const SHARED_KEY =
  'SERVICE_KEYS, OPERATOR_KEYS and the demo must not share a key, but one key is in two of them. Give each its own.';

/**
 * Finds the owner of an API key. Keys of services and operators come from the environment and stay in memory, so
 * that a row added to the database cannot make a service; keys of accounts are looked up in the database.
 */
export class KeyOwners {
  readonly #database: Queryable;
  readonly #inMemory = new Map<string, KeyOwner>();

  /** @throws ConfigError if two owners have the same key */
  constructor(database: Queryable, known: readonly KnownKey[]) {
    this.#database = database;
    for (const { key, owner } of known) {
      const hash = hashKey(key).toString('hex');
      if (this.#inMemory.has(hash)) throw new ConfigError(SHARED_KEY);
      this.#inMemory.set(hash, owner);
    }
  }

  /** Undefined for a key that was never valid, was revoked, or whose account does not exist. */
  async find(hash: Buffer): Promise<Principal | undefined> {
    const owner = this.#inMemory.get(hash.toString('hex'));
    if (owner === undefined) return findKeyOwner(this.#database, hash);
    return owner.kind === 'account' ? findAccountOwner(this.#database, owner.accountId) : owner;
  }
}
