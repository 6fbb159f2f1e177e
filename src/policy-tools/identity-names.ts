/** Names of generated identities: short ones, one for each identity, and none of an identity that the tests already have. */
import type { Identity } from '../core/identity/identity.ts';
import { sampleIdentity } from '../policy-model/samples/sample-identity.ts';
import { signInWords } from '../policy-model/samples/sign-in-ages.ts';

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

const kindWords = {
  bearer: [],
  keyPair: ['by_key'],
  apiKey: ['by_api_key'],
  session: ['by_session'],
  certificate: ['by_certificate'],
} as const;

/** What an identity should be called: its roles, and what else distinguishes it. */
export function wordsFor({
  roles,
  groups,
  kind,
  keyId,
  sessionId,
  userId,
  claims,
  authenticatedAtMs,
}: Identity): string {
  const isFree = userId.endsWith(sampleIdentity.userId);
  if (!isFree) return userId;
  const words = [
    ...(roles.length === 0 ? ['no_role'] : listed(roles)),
    ...(groups.length === 0 ? [] : ['in', ...listed(groups)]),
    ...Object.entries(claims).flatMap(([name, value]) => [name, ...(isList(value) ? listed(value) : [value])]),
    ...signInWords(authenticatedAtMs),
    ...kindWords[kind],
    ...[keyId, sessionId === sampleIdentity.sessionId ? null : sessionId].filter((id) => id !== null),
  ];
  return words.join('_');
}

/** The first two, and how many others there are. */
function listed(texts: readonly string[]): readonly string[] {
  const more = texts.length - 2;
  return [texts.slice(0, 2).join('_and_'), ...(more > 0 ? [`and_${more}_more`] : [])];
}

function isList(value: unknown): value is readonly string[] {
  return Array.isArray(value);
}

/** Equal for identities that only their name distinguishes, which is part of their ids. */
function keyOf({ kind, userId, sessionId, keyId, ...others }: Identity, name = sampleIdentity.userId): string {
  const { roles, groups, claims, authenticatedAtMs, source } = others;
  const user = userId.endsWith(name) ? userId.slice(0, -name.length) : userId;
  const ids = [user, kind === 'bearer' ? sessionId : null, keyId === `key-${name}` ? null : keyId];
  return JSON.stringify([kind, roles, groups, claims, authenticatedAtMs, source, ids]);
}
