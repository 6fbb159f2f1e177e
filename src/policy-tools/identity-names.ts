/** Names of generated identities: short ones, one for each identity, and none of an identity that the tests already have. */
import type { Identity } from '../core/identity/identity.ts';
import { sampleIdentity } from '../policy-model/samples/sample-identity.ts';

/** Maximum characters before a number that makes the name unique. */
const maxLength = 40;

export class IdentityNames {
  readonly #taken: Set<string>;
  readonly #kept = new Map<string, string>();

  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }

  /** `words`: what it should be called. */
  nameOf(identity: Identity, words: string): string {
    return this.#kept.get(keyOf(identity)) ?? this.free(words.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, maxLength));
  }

  free(base: string): string {
    let name = base;
    for (let n = 2; this.#taken.has(name); n += 1) name = `${base}_${n}`;
    return name;
  }

  /** Until then, other identities may have the same name. */
  keep(name: string, identity: Identity): void {
    this.#taken.add(name);
    this.#kept.set(keyOf(identity, name), name);
  }
}

/** Equal for identities that only their name distinguishes, which is part of their ids. */
function keyOf({ kind, userId, sessionId, keyId, ...others }: Identity, name = sampleIdentity.userId): string {
  const { roles, groups, claims, authenticatedAtMs, source } = others;
  const user = userId.endsWith(name) ? userId.slice(0, -name.length) : userId;
  const ids = [user, kind === 'bearer' ? sessionId : null, keyId === `key-${name}` ? null : keyId];
  return JSON.stringify([kind, roles, groups, claims, authenticatedAtMs, source, ids]);
}
