/** A verdict as memory holds it: the answer that a hit returns, with its places in the lists of the cache. */
import type { Credential } from '../core/credential/credential.ts';
import type { Identity, Resolution } from '../core/identity/identity.ts';
import { ownText } from './credential-text.ts';
import type { DueEntry } from './due-wheel.ts';
import type { VerdictSubject } from './revocation/tombstones.ts';
import type { SieveEntry } from './sieve.ts';
import type { TimeBase } from './time-base.ts';
import type { Verdict } from './verdict.ts';

/** Where a verdict comes from, as far as a revocation has to know. */
export interface Origin {
  /** Keyed names of the credential; empty when not known. */
  readonly lookups: readonly string[];
  /** Whether another replica asked for it, whose clock may be ahead of this one. */
  readonly foreign: boolean;
  /** When this process asked for it, by its tombstones (`asking`); left out: `askedAtMs`. */
  readonly moment?: number;
}

/** What revocations are compared with. */
export function momentOf({ askedAtMs }: Verdict, { moment = askedAtMs }: Origin): number {
  return moment;
}

/**
 * A hit returns the entry itself as the answer, one place in memory less than an answer of its own; so the credential, and
 * the entries of others that it is linked with, are out of sight of whoever prints or copies an answer. What a hit reads
 * stands in front, so that it lies together. Times are counted from the base.
 */
export class MemoryEntry implements Verdict, SieveEntry<MemoryEntry>, DueEntry<MemoryEntry> {
  readonly identity: Identity | null;
  readonly #base: TimeBase;
  readonly #end: number;
  readonly #askedAt: number;
  /** Version of the tombstones at which it was found not to be revoked. */
  version: number;
  spared = false;
  /** Whether it was hit since it was asked for. */
  used = false;
  readonly foreign: boolean;
  readonly kind: Credential['kind'];
  readonly #text: string;
  readonly #moment: number;
  /** Alone it stands for a list of one. */
  readonly #lookups: string | readonly string[];
  readonly bytes: number;
  /** Until then it serves past its life without anybody asking the Auth API, which was out of reach a moment ago. */
  standsInUntilMs = 0;
  #older: MemoryEntry | null = null;
  #newer: MemoryEntry | null = null;
  /** Null: not in the wheel. */
  #due: number | null = null;
  #duePrevious: MemoryEntry | null = null;
  #dueNext: MemoryEntry | null = null;

  constructor(
    kind: Credential['kind'],
    text: string,
    verdict: Verdict,
    origin: Origin,
    version: number,
    base: TimeBase,
  ) {
    const { identity, askedAtMs, endMs } = verdict;
    const { lookups } = origin;
    this.identity = identity;
    this.#base = base;
    this.#end = endMs - base.ms;
    this.#askedAt = askedAtMs - base.ms;
    this.version = version;
    this.foreign = origin.foreign;
    this.kind = kind;
    this.#text = ownText(text);
    this.#moment = momentOf(verdict, origin) - base.ms;
    this.#lookups = lookups.length === 1 ? lookups[0]! : lookups;
    this.bytes = entryBytes + textBytes(text) + lookupsBytes(lookups) + identityBytes(identity);
  }

  get resolution(): Resolution {
    return this as Resolution;
  }

  get reason(): 'credential_rejected' | null {
    return this.identity === null ? 'credential_rejected' : null;
  }

  get stale(): false {
    return false;
  }

  get retryAfterS(): null {
    return null;
  }

  get source(): 'memory' {
    return 'memory';
  }

  /** The credential itself, as `textOf` writes it. */
  get text(): string {
    return this.#text;
  }

  get askedAtMs(): number {
    return this.#base.ms + this.#askedAt;
  }

  get endMs(): number {
    return this.#base.ms + this.#end;
  }

  /** See `momentOf`. */
  get moment(): number {
    return this.#base.ms + this.#moment;
  }

  get lookups(): readonly string[] {
    return typeof this.#lookups === 'string' ? [this.#lookups] : this.#lookups;
  }

  get older(): MemoryEntry | null {
    return this.#older;
  }

  set older(older: MemoryEntry | null) {
    this.#older = older;
  }

  get newer(): MemoryEntry | null {
    return this.#newer;
  }

  set newer(newer: MemoryEntry | null) {
    this.#newer = newer;
  }

  get duePrevious(): MemoryEntry | null {
    return this.#duePrevious;
  }

  set duePrevious(previous: MemoryEntry | null) {
    this.#duePrevious = previous;
  }

  get dueNext(): MemoryEntry | null {
    return this.#dueNext;
  }

  set dueNext(next: MemoryEntry | null) {
    this.#dueNext = next;
  }

  get dueMs(): number {
    return this.#due === null ? 0 : this.#base.ms + this.#due;
  }

  /** Whole, and never early. */
  set dueMs(dueMs: number) {
    this.#due = dueMs === 0 ? null : Math.ceil(dueMs - this.#base.ms);
  }
}

/** Whom the verdict is about. */
export function subjectOf(identity: Identity | null, lookups: readonly string[]): VerdictSubject {
  if (identity === null) return { lookups, sessionId: null, keyId: null, userId: null };
  const { sessionId, keyId, userId } = identity;
  return { lookups, sessionId, keyId, userId };
}

/*
 * Estimates for the bound in bytes, on the large side, for a 64-bit Node: objects and numbers of an entry and its place
 * in the index; the same of an identity; the head of a string, rounded up. Measured in test/unit/identity/memory-size.test.ts.
 */
const entryBytes = 240;
const ownIdentityBytes = 128;
const stringBytes = 24;
const listHeadBytes = 32;

function identityBytes(identity: Identity | null): number {
  if (identity === null) return 0;
  const { userId, roles, groups, alias, fullName, sessionId, keyId } = identity;
  let bytes = ownIdentityBytes + listBytes(roles) + listBytes(groups);
  bytes += asciiBytes(userId) + asciiBytes(sessionId) + asciiBytes(keyId);
  if (alias !== null) bytes += textBytes(alias);
  if (fullName !== null) bytes += textBytes(fullName);
  return bytes;
}

function listBytes(list: readonly string[]): number {
  let bytes = listHeadBytes;
  for (const text of list) bytes += 8 + textBytes(text);
  return bytes;
}

function lookupsBytes(lookups: readonly string[]): number {
  if (lookups.length === 1) return asciiBytes(lookups[0]!);
  let bytes = listHeadBytes;
  for (const lookup of lookups) bytes += 8 + asciiBytes(lookup);
  return bytes;
}

/** Of what can have nothing beyond ASCII in it by its form: keyed names, and identifiers of the Auth API. */
function asciiBytes(text: string | null): number {
  return text === null ? 0 : stringBytes + text.length;
}

/** Two bytes for each unit once one of them is beyond Latin-1. */
function textBytes(text: string): number {
  return stringBytes + text.length * (/^[\0-\xff]*$/.test(text) ? 1 : 2);
}
