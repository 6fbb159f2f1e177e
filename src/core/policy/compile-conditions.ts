/** Turns the conditions of a route, as the author wrote them, into flat lists of steps. */
import { compileTrustedProxies } from '../forwarding/trusted-proxies.ts';
import type { Comparison, Criterion, Step, ValueSource } from './conditions.ts';
import { type RoleTable, rolesThatGrant } from './roles.ts';

/** A condition as written, names checked. */
export type ConditionSource =
  | { readonly all: readonly ConditionSource[] }
  | { readonly any: readonly ConditionSource[] }
  | { readonly not: ConditionSource }
  | { readonly subject: ValueSource; readonly comparison: Comparison }
  /** CIDR ranges or addresses of the client. */
  | { readonly ranges: readonly string[] };

export interface CriterionSource {
  readonly word: string;
  /** Roles that are exempt. */
  readonly unless: readonly string[];
  readonly condition: ConditionSource;
}

/** Throws `RangeError` for a range that is none. Null when there is nothing to ask: such routes pay nothing. */
export function compileConditions(sources: readonly CriterionSource[], roles: RoleTable): readonly Criterion[] | null {
  if (sources.length === 0) return null;
  return sources.map(({ word, unless, condition }) => {
    const steps: Step[] = [];
    append(steps, condition);
    return {
      word,
      message: `A condition of this resource is not met: ${word}`,
      unless: unless.length === 0 ? null : new Set(unless.flatMap((role) => [...rolesThatGrant(role, roles)])),
      unlessSource: unless,
      steps,
    };
  });
}

function append(steps: Step[], source: ConditionSource): void {
  if ('subject' in source) {
    steps.push({ kind: 'compare', end: steps.length, subject: source.subject, comparison: source.comparison });
    return;
  }
  if ('ranges' in source) {
    const { ranges } = source;
    steps.push({ kind: 'address', end: steps.length, contains: compileTrustedProxies(ranges), ranges });
    return;
  }
  const at = steps.length;
  const kind = 'not' in source ? 'not' : 'all' in source ? 'all' : 'any';
  steps.push({ kind, end: at });
  const parts = 'not' in source ? [source.not] : 'all' in source ? source.all : source.any;
  for (const part of parts) append(steps, part);
  steps[at] = { kind, end: steps.length - 1 };
}
