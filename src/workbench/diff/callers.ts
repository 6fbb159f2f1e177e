/**
 * Who may ask, as far as two rules can tell: callers whose roles meet the same sets of both rules are one. A set is met
 * by any of its roles, so the sets that several roles meet together are the union of those that each meets.
 */
import type { Identity } from '../../core/identity/identity.ts';
import { derivedRoles, type RoleMapping } from '../../core/policy/map-roles.ts';
import { blank } from '../sample-identity.ts';

/** Sets of role names that a rule asks about, and how roles come about where it stands. */
export interface RoleSets {
  readonly sets: readonly ReadonlySet<string>[];
  readonly mapping: RoleMapping | null;
}

/** Roles or other marks of an identity between which neither rule can tell. */
export interface Mark {
  /** Bits of the sets that it meets, those of the first rule lowest. */
  readonly bits: bigint;
  /** Such as `role admin` or `groups "ops"`; all of them alike. */
  readonly names: readonly string[];
}

/** Marks that meet any set at all, each kind once. */
export function marksOf(a: RoleSets, b: RoleSets): readonly Mark[] {
  const byBits = new Map<bigint, string[]>();
  for (const [name, identity] of candidates(a, b)) {
    const bits = bitsOf(a, identity) | (bitsOf(b, identity) << BigInt(a.sets.length));
    if (bits === 0n) continue;
    byBits.set(bits, [...(byBits.get(bits) ?? []), name]);
  }
  return [...byBits].map(([bits, names]) => ({ bits, names }));
}

function bitsOf({ sets, mapping }: RoleSets, identity: Identity): bigint {
  const held = [...identity.roles, ...(mapping === null ? [] : derivedRoles(mapping.origins, identity))];
  let bits = 0n;
  for (const [index, set] of sets.entries()) if (held.some((role) => set.has(role))) bits |= 1n << BigInt(index);
  return bits;
}

function* candidates(a: RoleSets, b: RoleSets): Generator<readonly [name: string, identity: Identity]> {
  const roles = new Set([...a.sets, ...b.sets].flatMap((set) => [...set]));
  const origins = [...(a.mapping?.origins ?? []), ...(b.mapping?.origins ?? [])];
  for (const { field, values } of origins) if (field === 'roles') for (const value of values) roles.add(value);
  for (const role of roles) yield [`role ${role}`, { ...blank, roles: [role] }];
  for (const { field, values } of origins) {
    if (field === 'roles') continue;
    for (const value of values) {
      yield [
        `${field} ${JSON.stringify(value)}`,
        { ...blank, [field]: field === 'groups' ? [value] : value } as Identity,
      ];
    }
  }
}
