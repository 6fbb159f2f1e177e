/** Where a condition of a route is written: at the route, or in a policy that it lies below. */
import type { Place } from '../../config/places.ts';
import type { Criterion } from '../../core/policy/conditions.ts';
import type { Route } from '../../core/routing/route.ts';

export interface ConditionPlace {
  /** Id of the route or of the policy. */
  readonly subject: string;
  readonly place: Place;
}

/** `key`: below the condition. */
export function conditionPlace(route: Route, criterion: Criterion, ...key: readonly string[]): ConditionPlace {
  const { id, index, restricted } = route;
  const policy = restricted?.policies.find((one) => one.id === criterion.policy);
  if (policy !== undefined) {
    const at = (policy.conditions ?? []).indexOf(criterion);
    return { subject: policy.id, place: { kind: 'policy', name: policy.id, key: ['when', at, ...key] } };
  }
  const own = restricted?.own.conditions ?? route.conditions ?? [];
  return { subject: id, place: { kind: 'route', index, key: ['when', own.indexOf(criterion), ...key] } };
}
