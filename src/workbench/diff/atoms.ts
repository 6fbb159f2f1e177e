/**
 * Conditions as statements about a request, each of which may be met, unmet or unclear whatever the others are. That
 * allows for requests that cannot be, and for none less: two conditions are the same statement only if they are written
 * alike.
 */
import type { Criterion, Step, Truth, ValueSource } from '../../core/policy/conditions.ts';
import { conditionInWords } from '../../core/policy/describe-conditions.ts';
import type { RoutePattern } from '../../core/routing/path-pattern.ts';

/** Truth of each statement, by its key. */
export type Truths = ReadonlyMap<string, Truth>;

/** Statements of some conditions by key, with their words. */
export function atomsOf(criteria: readonly Criterion[], pattern: RoutePattern): ReadonlyMap<string, string> {
  const atoms = new Map<string, string>();
  for (const { steps } of criteria) {
    for (const [at, step] of steps.entries()) {
      if (step.kind === 'compare' || step.kind === 'address')
        atoms.set(keyOf(step, pattern), conditionInWords(steps, at));
    }
  }
  return atoms;
}

/** What the truth of conditions hangs on. */
export interface Premise {
  readonly pattern: RoutePattern;
  readonly truths: Truths;
  /** Whether there is an identity; without one, what is said of it is settled. */
  readonly identified: boolean;
}

/** As `truthOf` of the evaluation, with the truth of each statement given. */
export function truthUnder(steps: readonly Step[], at: number, premise: Premise): Truth {
  const step = steps[at];
  if (step === undefined) return 'unclear';
  if (step.kind === 'compare' || step.kind === 'address') {
    const settled = premise.identified ? null : truthOfNobody(step);
    return settled ?? premise.truths.get(keyOf(step, premise.pattern)) ?? 'unclear';
  }
  const found: Truth[] = [];
  for (let child = at + 1; child <= step.end; child = steps[child]!.end + 1) {
    found.push(truthUnder(steps, child, premise));
  }
  if (step.kind === 'not') return negated(found[0] ?? 'unclear');
  const settling: Truth = step.kind === 'any' ? 'met' : 'unmet';
  if (found.includes(settling)) return settling;
  return found.includes('unclear') ? 'unclear' : negated(settling);
}

/** Of a statement about the identity when there is none; null: it is about something else. */
function truthOfNobody(step: Step): Truth | null {
  if (step.kind !== 'compare') return null;
  const { subject, comparison } = step;
  if (comparison.operator === 'exists') {
    if (subject.from !== 'identity') return null;
    return comparison.wanted ? 'unmet' : 'met';
  }
  const { operand } = comparison;
  return subject.from === 'identity' || ('source' in operand && operand.source.from === 'identity') ? 'unclear' : null;
}

/** The same for two conditions that say the same in the same words, whatever their parameters are called. */
export function criterionKey(steps: readonly Step[], pattern: RoutePattern): string {
  const keys = steps.map((step) =>
    step.kind === 'compare' || step.kind === 'address' ? keyOf(step, pattern) : `${step.kind} ${step.end}`,
  );
  return JSON.stringify(keys);
}

/** Every assignment of a truth to each key. */
export function* assignments(keys: readonly string[]): Generator<Truths> {
  const count = 3 ** keys.length;
  for (let number = 0; number < count; number += 1) {
    let rest = number;
    yield new Map(
      keys.map((key) => {
        const truth = truthNames[rest % 3]!;
        rest = Math.floor(rest / 3);
        return [key, truth] as const;
      }),
    );
  }
}

const truthNames: readonly Truth[] = ['met', 'unmet', 'unclear'];

function negated(truth: Truth): Truth {
  if (truth === 'unclear') return truth;
  return truth === 'met' ? 'unmet' : 'met';
}

/** Parameters count by their place, since two routes may name one place differently. */
function keyOf(step: Step, { segments }: RoutePattern): string {
  const placed = (source: ValueSource) =>
    source.from === 'param'
      ? { from: 'param', at: segments.findIndex((one) => one.kind === 'param' && one.name === source.name) }
      : source;
  return JSON.stringify(step, (key, value: unknown) => {
    if (key === 'end' || typeof value === 'function') return undefined;
    if (value instanceof Set) return [...value].sort();
    return isSource(value) ? placed(value) : value;
  });
}

function isSource(value: unknown): value is ValueSource {
  return typeof value === 'object' && value !== null && 'from' in value;
}
