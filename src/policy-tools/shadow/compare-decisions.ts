/** How a second decision of the same request differs from the first one. */
import type { Decision } from '../../core/decision.ts';

/** `other_reason`: both refuse. `other_route`: both allow. `undecided`: the second decision is unknown. */
export const comparisons = [
  'same',
  'newly_allowed',
  'newly_refused',
  'other_reason',
  'other_route',
  'undecided',
] as const;
export type Comparison = (typeof comparisons)[number];

export function compareDecisions(before: Decision, after: Decision | null): Comparison {
  if (after === null) return 'undecided';
  const [was, is] = [before.outcome === 'refuse', after.outcome === 'refuse'];
  if (was && !is) return 'newly_allowed';
  if (!was && is) return 'newly_refused';
  if (was) return refusalOf(before) === refusalOf(after) ? 'same' : 'other_reason';
  return before.route?.id === after.route?.id ? 'same' : 'other_route';
}

/** The author's word of a condition, or the reason; null: it is not a refusal. */
export function refusalOf(decision: Decision): string | null {
  return decision.outcome === 'refuse' ? (decision.condition?.word ?? decision.reason) : null;
}
