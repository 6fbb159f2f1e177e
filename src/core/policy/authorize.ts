/** Fifth stage: whether the identity may use the route. */
import type { Identity } from '../identity/identity.ts';
import type { ReasonCode } from '../outcome/reasons.ts';
import type { AccessRule } from './access.ts';

/** Returns null when granted, else `role_missing`, `role_forbidden` or `access_denied`. */
export function authorize(rule: AccessRule, identity: Identity): ReasonCode | null {
  switch (rule.kind) {
    case 'public':
    case 'optional':
    case 'authenticated':
      return null;
    case 'deny':
      return 'access_denied';
    case 'roles': {
      const { roles } = identity;
      if (rule.none.size > 0 && meets(roles, rule.none)) return 'role_forbidden';
      if (rule.any.size > 0 && !meets(roles, rule.any)) return 'role_missing';
      for (const demanded of rule.all) if (!meets(roles, demanded)) return 'role_missing';
      return null;
    }
  }
}

function meets(held: readonly string[], set: ReadonlySet<string>): boolean {
  for (const role of held) if (set.has(role)) return true;
  return false;
}
