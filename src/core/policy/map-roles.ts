/**
 * The roles that an identity has: those of its source, and those derived from other fields, such as membership of a group. A source with an
 * allow-list gives no others. Deriving comes first: a role that is not on the list can stand for one that is.
 */
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

/** At least one origin or limit. */
export interface RoleMapping {
  readonly origins: readonly RoleOrigin[];
  /** By source: the roles that its identities may have. Other sources are not limited. */
  readonly limits: RoleLimits;
}

export type RoleLimits = ReadonlyMap<string, readonly string[]>;

const noLimits: RoleLimits = new Map();

/** Null if no role is derived and no source is limited. */
export function compileRoleMapping(origins: readonly RoleOrigin[], limits = noLimits): RoleMapping | null {
  return origins.length === 0 && limits.size === 0 ? null : { origins, limits };
}

/** The result with the roles that its identity has, or the result itself if these are those of the source. */
export function mapRoles(mapping: RoleMapping | null, accepted: Accepted): Accepted {
  if (mapping === null) return accepted;
  const { identity, stale, source } = accepted;
  const roles = heldRoles(mapping, identity);
  return roles === identity.roles ? accepted : { identity: { ...identity, roles }, reason: null, stale, source };
}

/** Those of its source and derived ones, as far as the source may give them. */
export function heldRoles({ origins, limits }: RoleMapping, identity: Identity): readonly string[] {
  const derived = derivedRoles(origins, identity);
  const roles = derived.length === 0 ? identity.roles : [...identity.roles, ...derived];
  return rolesFrom({ roles: limits.get(identity.acceptedBy) ?? null }, roles);
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
