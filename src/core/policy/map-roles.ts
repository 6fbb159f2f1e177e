/** Roles derived from other fields of an identity, such as membership of a group, in addition to those from the Auth API. */
import type { Accepted, Identity } from '../identity/identity.ts';
import { rolesFrom } from '../identity/user-naming.ts';

/** Fields that a role may be derived from. `roles` are those of the Auth API, never derived ones. */
export const mappedFields = [
  'groups',
  'roles',
  'userId',
  'kind',
  'keyId',
] as const satisfies readonly (keyof Identity)[];

/** One `from`: it grants the role if the field has one of the values. */
export interface RoleOrigin {
  readonly role: string;
  readonly field: (typeof mappedFields)[number];
  readonly values: ReadonlySet<string>;
}

/** At least one origin. */
export interface RoleMapping {
  readonly origins: readonly RoleOrigin[];
  /** By source: the roles that its identities may have. Other sources are not limited. */
  readonly limits: RoleLimits;
}

export type RoleLimits = ReadonlyMap<string, readonly string[]>;

const noLimits: RoleLimits = new Map();

/** Null if no role is derived. */
export function compileRoleMapping(origins: readonly RoleOrigin[], limits = noLimits): RoleMapping | null {
  return origins.length === 0 ? null : { origins, limits };
}

/** The same rules for identities of any source. */
export function withoutLimits(mapping: RoleMapping | null): RoleMapping | null {
  return mapping === null ? null : { ...mapping, limits: noLimits };
}

/** The result with the derived roles in its identity, or the result itself if there are none. */
export function mapRoles(mapping: RoleMapping | null, accepted: Accepted): Accepted {
  if (mapping === null) return accepted;
  const { identity, stale, source } = accepted;
  const derived = derivedFor(mapping, identity);
  if (derived.length === 0) return accepted;
  return { identity: { ...identity, roles: [...identity.roles, ...derived] }, reason: null, stale, source };
}

/** Derived roles that the Auth API has not granted and that the source may give. */
export function derivedFor({ origins, limits }: RoleMapping, identity: Identity): readonly string[] {
  const derived = derivedRoles(origins, identity);
  return derived.length === 0 ? derived : rolesFrom({ roles: limits.get(identity.acceptedBy) ?? null }, derived);
}

/** Derived roles that the Auth API has not granted, each once, in the order of the configuration. */
export function derivedRoles(origins: readonly RoleOrigin[], identity: Identity): readonly string[] {
  const derived = new Set<string>();
  for (const { role, field, values } of origins) {
    const value = identity[field];
    if (value === null || identity.roles.includes(role)) continue;
    if (typeof value === 'string' ? values.has(value) : value.some((item) => values.has(item))) derived.add(role);
  }
  return [...derived];
}
