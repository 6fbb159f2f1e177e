/**
 * The callers that two rules can distinguish. Callers whose roles meet the same sets of both rules count as one. Any role of a set
 * meets it, so the sets that several roles meet together are the union of those that each meets.
 */
import type { Identity } from '../core/identity/identity.ts';
import { derivedRoles, type RoleMapping, type RoleOrigin } from '../core/policy/map-roles.ts';
import { blank } from './samples/sample-identity.ts';
import { placedInWords } from './samples/scoped-texts.ts';

/** Sets of role names that a rule tests, and how roles are derived there. */
export interface RoleSets {
  readonly sets: readonly ReadonlySet<string>[];
  readonly mapping: RoleMapping | null;
}

/** Roles or other marks of an identity that neither rule can distinguish. */
export interface Mark {
  /** Bits of the sets that the mark meets; those of the first rule are lowest. */
  readonly bits: bigint;
  /** Each of them alone is such a mark. */
  readonly holders: readonly Holder[];
}

/** One value of a field of an identity. */
export interface Holder {
  readonly field: RoleOrigin['field'];
  readonly value: string;
}

const fieldWords = { roles: 'role', groups: 'group', userId: 'user', keyId: 'key', kind: 'kind' } as const;

/** Such as `role admin` or `group ops`. */
export function holderInWords({ field, value }: Holder): string {
  return `${fieldWords[field]} ${placedInWords(value)}`;
}

/** Marks that meet at least one set, each kind once. */
export function marksOf(a: RoleSets, b: RoleSets): readonly Mark[] {
  const byBits = new Map<bigint, Holder[]>();
  for (const [holder, identity] of candidates(a, b)) {
    const bits = bitsOf(a, identity) | (bitsOf(b, identity) << BigInt(a.sets.length));
    if (bits === 0n) continue;
    const alike = byBits.get(bits);
    if (alike === undefined) byBits.set(bits, [holder]);
    else alike.push(holder);
  }
  return [...byBits].map(([bits, holders]) => ({ bits, holders }));
}

function bitsOf({ sets, mapping }: RoleSets, identity: Identity): bigint {
  const held = [...identity.roles, ...(mapping === null ? [] : derivedRoles(mapping.origins, identity))];
  let bits = 0n;
  for (const [index, set] of sets.entries()) if (held.some((role) => set.has(role))) bits |= 1n << BigInt(index);
  return bits;
}

function* candidates(a: RoleSets, b: RoleSets): Generator<readonly [Holder, Identity]> {
  const roles = new Set([...a.sets, ...b.sets].flatMap((set) => [...set]));
  const origins = [...(a.mapping?.origins ?? []), ...(b.mapping?.origins ?? [])];
  for (const { field, values } of origins) if (field === 'roles') for (const value of values) roles.add(value);
  for (const value of roles)
    yield [
      { field: 'roles', value },
      { ...blank, roles: [value] },
    ];
  const seen = new Set<string>();
  for (const { field, values } of origins) {
    if (field === 'roles') continue;
    for (const value of values) {
      if (seen.has(`${field} ${value}`)) continue;
      seen.add(`${field} ${value}`);
      // Only a key pair has a key id.
      const kind = field === 'keyId' ? 'key_pair' : blank.kind;
      const identity = { ...blank, kind, [field]: field === 'groups' ? [value] : value } as Identity;
      yield [{ field, value }, identity];
    }
  }
}
