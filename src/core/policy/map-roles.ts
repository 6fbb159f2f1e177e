/**
 * Roles that follow from what the Auth API says of an identity, such as membership of a group. They come on top of the
 * roles that it names itself.
 */
import type { Accepted, Identity } from '../identity/identity.ts';

/** Fields that a role may be derived from. `roles` are those of the Auth API, never derived ones. */
export const mappedFields = [
  'groups',
  'roles',
  'userId',
  'kind',
  'keyId',
] as const satisfies readonly (keyof Identity)[];

/** One `from`: the role is held when the field has one of the values. */
export interface RoleOrigin {
  readonly role: string;
  readonly field: (typeof mappedFields)[number];
  readonly values: ReadonlySet<string>;
}

/** Remembers what it made of a verdict, so that a warm request costs one look-up. */
export class RoleMapping {
  readonly origins: readonly RoleOrigin[];
  readonly #mapped = new WeakMap<Accepted, Accepted>();

  constructor(origins: readonly RoleOrigin[]) {
    this.origins = origins;
  }

  /** The verdict with the derived roles in its identity; the same object when there are none. */
  apply(accepted: Accepted): Accepted {
    const known = this.#mapped.get(accepted);
    if (known !== undefined) return known;
    const derived = derivedRoles(this.origins, accepted.identity);
    const made = derived.length === 0 ? accepted : withRoles(accepted, derived);
    this.#mapped.set(accepted, made);
    return made;
  }
}

/** Null when no role is derived: nothing is asked then. */
export function compileRoleMapping(origins: readonly RoleOrigin[]): RoleMapping | null {
  return origins.length === 0 ? null : new RoleMapping(origins);
}

/** Derived roles that the Auth API has not named, each once, in the order of the configuration. */
export function derivedRoles(origins: readonly RoleOrigin[], identity: Identity): readonly string[] {
  const derived = new Set<string>();
  for (const { role, field, values } of origins) {
    const value = identity[field];
    if (value === null || identity.roles.includes(role)) continue;
    if (typeof value === 'string' ? values.has(value) : value.some((item) => values.has(item))) derived.add(role);
  }
  return [...derived];
}

/** Field by field: the answer of a cache may be more than an answer. */
function withRoles({ identity, stale, source }: Accepted, derived: readonly string[]): Accepted {
  const roles = Object.freeze([...identity.roles, ...derived]);
  return { identity: Object.freeze({ ...identity, roles }), reason: null, stale, source };
}
