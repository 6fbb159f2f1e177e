/** How users must have signed in (`acr`): a condition with the gateway's own reason, and what a refusal says of it (RFC 9470). */
import { noStepUp, type StepUp } from '../credential/step-up.ts';
import type { ReasonCode } from '../outcome/reasons.ts';
import { appliesTo, type Criterion } from './conditions.ts';
import { maxAuthAgeS, ownCriterion } from './time-limits.ts';

/** Of `identity.claims`: the authentication context class (OpenID Connect Core 1.0, section 2). */
export const acrClaim = 'acr';

/** `values`: the preferred one first. */
export function signedInBy(
  values: readonly string[],
  methods: Pick<Criterion, 'methods' | 'exceptMethods'>,
): Criterion {
  const subject = { from: 'claim', name: acrClaim, type: 'string' } as const;
  const comparison = { operator: 'in', operand: { literals: new Set(values) } } as const;
  return ownCriterion('sign_in_too_weak', { kind: 'compare', end: 0, subject, comparison }, methods);
}

/** Both demands of the route at once, so that its user signs in once more and not twice. */
export function stepUpFor(reason: ReasonCode, conditions: readonly Criterion[] | null, method: string): StepUp {
  if (reason !== 'sign_in_too_old' && reason !== 'sign_in_too_weak') return noStepUp;
  return { maxAgeS: maxAuthAgeS(conditions, method), acr: acrFor(conditions, method) };
}

function acrFor(conditions: readonly Criterion[] | null, method: string): readonly string[] | null {
  const demand = conditions?.find((one) => one.reason === 'sign_in_too_weak' && appliesTo(one, method));
  const step = demand?.steps[0];
  if (step?.kind !== 'compare' || step.comparison.operator !== 'in') return null;
  const { operand } = step.comparison;
  return 'literals' in operand ? [...operand.literals] : null;
}
