/** Fifth stage: whether the identity, or an anonymous caller, may use the route. */
import type { Identity } from '../identity/identity.ts';
import type { ReasonCode } from '../outcome/reasons.ts';
import type { AccessRule } from './access.ts';
import type { ConditionFacts, Criterion } from './conditions.ts';
import { firstUnmet } from './evaluate-conditions.ts';

export interface Denial {
  /** `role_missing`, `role_forbidden`, `access_denied` or `condition_failed`. */
  readonly reason: ReasonCode;
  /** The first condition that is not met, with reason `condition_failed`. */
  readonly condition: Criterion | null;
}

/** Null: granted. `conditions` are those of the route, in addition to the rule; null: none. */
export function authorize(
  rule: AccessRule,
  conditions: readonly Criterion[] | null,
  facts: ConditionFacts,
): Denial | null {
  const reason = checkRule(rule, facts.identity);
  if (reason !== null) return { reason, condition: null };
  const unmet = conditions === null ? null : firstUnmet(conditions, facts);
  return unmet === null ? null : { reason: 'condition_failed', condition: unmet };
}

function checkRule(rule: AccessRule, identity: Identity | null): ReasonCode | null {
  switch (rule.kind) {
    case 'public':
    case 'optional':
      return null;
    case 'deny':
      return 'access_denied';
    case 'authenticated':
      return identity === null ? 'access_denied' : null;
    case 'roles': {
      if (identity === null) return 'access_denied';
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
