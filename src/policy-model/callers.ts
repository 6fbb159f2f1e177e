/**
 * The callers that two rules can distinguish. Callers whose roles meet the same sets of both rules count as one. Any role of a set
 * meets it, so the sets that several roles meet together are the union of those that each meets.
 */
import type { Authentication } from '../core/identity/authentication.ts';
import type { Identity } from '../core/identity/identity.ts';
import { rolesFrom, type UserNaming } from '../core/identity/user-naming.ts';
import { derivedRoles, type RoleMapping, type RoleOrigin } from '../core/policy/map-roles.ts';
import { canHaveIn, canHaveRole, constantOf } from './authentications.ts';
import { blank } from './samples/sample-identity.ts';
import { isUnread, placedInWords } from './samples/scoped-texts.ts';

type AllowList = UserNaming['roles'];

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
export function marksOf(a: RoleSets, b: RoleSets, authentications: readonly Authentication[]): readonly Mark[] {
  const byBits = new Map<bigint, Map<string, Holder>>();
  for (const some of byAllowList(authentications)) {
    for (const [holder, identity] of candidates(a, b, some)) {
      const bits = bothBits(a, b, identity, some[0]!.users.roles);
      if (bits === 0n) continue;
      const alike = byBits.get(bits) ?? new Map<string, Holder>();
      byBits.set(bits, alike.set(`${holder.field} ${holder.value}`, holder));
    }
  }
  return [...byBits].map(([bits, holders]) => ({ bits, holders: [...holders.values()] }));
}

const maxChoices = 8;

/** Several choices of one value per mark, because an identity has only one value of most fields. Roles come first. */
export function choicesOf(marks: readonly Mark[]): readonly (readonly Holder[])[] {
  let choices: readonly (readonly Holder[])[] = [[]];
  for (const { holders } of marks) {
    const several = choices.length >= maxChoices ? holders.slice(0, 1) : holders.slice(0, maxChoices);
    choices = choices.flatMap((one) => several.map((holder) => [...one, holder]));
  }
  return choices;
}

/** Those whose sources may give the same roles together, because one mark means less if its source may not give a role that follows. */
export function byAllowList(authentications: readonly Authentication[]): readonly (readonly Authentication[])[] {
  return [...Map.groupBy(authentications, ({ users }) => JSON.stringify(users.roles)).values()];
}

/** Those of the roles, in the form of rules, that a source with this allow-list may give. An unread scope counts as held regardless. */
export function mayGive(allowed: AllowList, roles: readonly string[]): readonly string[] {
  // Lists name roles in any scope.
  const inSomeScope = (role: string) => role.replace(/\{\w+\}/, 'x');
  return allowed === null
    ? roles
    : roles.filter((role) => isUnread(role) || rolesFrom({ roles: allowed }, [inSomeScope(role)]).length > 0);
}

/** For each authentication: the bits that all its callers have, by constants of the source and by the kind of their credential. */
export function alwaysHeld(a: RoleSets, b: RoleSets, authentications: readonly Authentication[]): readonly bigint[] {
  return authentications.map((by) => {
    const [roles = [], groups = []] = [by.fields.roles, by.fields.groups].map(constantOf);
    return bothBits(a, b, { ...blank, kind: by.kind, roles, groups }, by.users.roles);
  });
}

function bothBits(a: RoleSets, b: RoleSets, identity: Identity, allowed: AllowList): bigint {
  return bitsOf(a, identity, allowed) | (bitsOf(b, identity, allowed) << BigInt(a.sets.length));
}

/** Like `heldRoles`. */
function bitsOf({ sets, mapping }: RoleSets, identity: Identity, allowed: AllowList): bigint {
  const derived = mapping === null ? [] : derivedRoles(mapping.origins, identity);
  const names = mayGive(allowed, [...identity.roles, ...derived]);
  let bits = 0n;
  for (const [index, set] of sets.entries()) if (names.some((role) => set.has(role))) bits |= 1n << BigInt(index);
  return bits;
}

function* candidates(
  a: RoleSets,
  b: RoleSets,
  authentications: readonly Authentication[],
): Generator<readonly [Holder, Identity]> {
  const roles = new Set([...a.sets, ...b.sets].flatMap((set) => [...set]));
  const origins = [...(a.mapping?.origins ?? []), ...(b.mapping?.origins ?? [])];
  for (const { field, values } of origins) if (field === 'roles') for (const value of values) roles.add(value);
  for (const value of roles) {
    if (!authentications.some((by) => canHaveRole(by, value))) continue;
    yield [
      { field: 'roles', value },
      { ...blank, roles: [value] },
    ];
  }
  const seen = new Set<string>();
  for (const { field, values } of origins) {
    if (field === 'roles') continue;
    for (const value of values) {
      const own = field === 'groups' ? [value] : value;
      const by = authentications.filter((one) => canHaveIn(one, field, value));
      // Other roles may be derived from the kind of a credential with this key.
      const kinds = field === 'keyId' ? by.map(({ kind }) => kind) : by.slice(0, 1).map(() => blank.kind);
      for (const kind of kinds) {
        if (seen.has(`${field} ${kind} ${value}`)) continue;
        seen.add(`${field} ${kind} ${value}`);
        yield [{ field, value }, { ...blank, kind, [field]: own } as Identity];
      }
    }
  }
}
