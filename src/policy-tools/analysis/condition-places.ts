/** Where a condition of a route is written: at the route itself, or in a policy above it. */
import type { ConfigPart } from '../../config/places.ts';
import type { Criterion } from '../../core/policy/conditions.ts';
import type { Route } from '../../core/routing/route.ts';

export interface ConditionPlace {
  /** Id of the route or policy. */
  readonly subject: string;
  readonly place: ConfigPart;
}

/** `key`: path below the condition. */
export function conditionPlace(route: Route, criterion: Criterion, ...key: readonly string[]): ConditionPlace {
  const { id, index, restricted } = route;
  const policy = restricted?.policies.find((one) => one.id === criterion.policy);
  const isOfWhen = ({ reason }: Criterion) => reason === 'condition_failed';
  if (policy !== undefined) {
    if (criterion.reason === 'sign_in_too_old') {
      return { subject: policy.id, place: { kind: 'policy', name: policy.id, key: ['maxAuthAge'] } };
    }
    const at = (policy.conditions ?? []).filter(isOfWhen).indexOf(criterion);
    return { subject: policy.id, place: { kind: 'policy', name: policy.id, key: ['when', at, ...key] } };
  }
  const criteria = restricted?.own.conditions ?? route.conditions ?? [];
  // Time limits are conditions that `when` does not have.
  if (criterion.reason === 'sign_in_too_old') {
    return { subject: id, place: { kind: 'route', index, key: ['maxAuthAge'] } };
  }
  if (criterion.reason === 'sign_in_too_weak') return { subject: id, place: { kind: 'route', index, key: ['acr'] } };
  if (criterion.reason === 'access_not_active') {
    const limit =
      criterion.steps[0]?.kind === 'stretch' && criterion.steps[0].stretch.toMs === null ? 'notBefore' : 'notAfter';
    return { subject: id, place: { kind: 'route', index, key: [limit] } };
  }
  const own = criteria.filter(isOfWhen);
  return { subject: id, place: { kind: 'route', index, key: ['when', own.indexOf(criterion), ...key] } };
}
