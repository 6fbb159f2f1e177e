/** Evaluates the conditions of a route one by one, as for a request, and reports what each compared. It does not show header values. */
import {
  appliesTo,
  type CompareStep,
  type ConditionFacts,
  type Criterion,
  type Step,
  type Truth,
  type ValueSource,
} from './conditions.ts';
import { conditionInWords, criterionInWords, isTime, sourceInWords } from './describe-conditions.ts';
import { concerns, exempting, mayBeTaken, readOperand, truthOf } from './evaluate-conditions.ts';
import { type ListFile, listInWords } from './list-file.ts';
import { readSource } from './read-source.ts';
import { type Reading, Unreadable } from './reading.ts';
import { momentInWords } from './time-window.ts';

/** Plain data, fit for JSON. */
export interface CriterionReport {
  readonly reason: string;
  readonly words: string;
  /** Name under `conditions.named`; null: the route itself contains it. */
  readonly name: string | null;
  /** Id of the policy that requires it; null: the route does. */
  readonly policy: string | null;
  /** Whether it applies to the method of the request. */
  readonly applies: boolean;
  /** Whether it is met, or it does not restrict the identity, or it does not apply to the method. */
  readonly passed: boolean;
  /** Of the condition itself, whether or not the identity is exempt. */
  readonly truth: Truth;
  /** Whether it restricts callers with the roles of the identity. */
  readonly concerns: boolean;
  /** The role that exempts this identity, or null. */
  readonly exemptBy: string | null;
  readonly steps: readonly StepReport[];
}

export interface StepReport {
  /** From 0; parts of `all`, `any` and `not` are one deeper. */
  readonly depth: number;
  readonly words: string;
  readonly truth: Truth;
  /** What was compared; none for `all`, `any` and `not`. */
  readonly compared: readonly ComparedValue[];
}

export interface ComparedValue {
  /** Such as `param tenant`. */
  readonly name: string;
  /** Null: missing or unreadable (`why`). `***`: the value of a header, which is not shown. `why` with a value: a service may read another. */
  readonly value: string | readonly string[] | null;
  readonly why: string | null;
}

/** In the order of the file; every criterion, including those after an unmet one. */
export function explainConditions(criteria: readonly Criterion[], facts: ConditionFacts): readonly CriterionReport[] {
  return criteria.map((criterion) => {
    const truth = truthOf(criterion.steps, 0, facts);
    const exemptBy = exempting(criterion, facts);
    const isConcerned = concerns(criterion, facts);
    const applies = appliesTo(criterion, facts.request.method);
    return {
      reason: criterion.word,
      words: criterionInWords(criterion),
      name: criterion.name,
      policy: criterion.policy,
      applies,
      passed: !applies || !isConcerned || exemptBy !== null || truth === 'met',
      truth,
      concerns: isConcerned,
      exemptBy,
      steps: criterion.steps.map((step, at) => ({
        depth: depthOf(criterion.steps, at),
        words:
          step.kind === 'all' || step.kind === 'any' || step.kind === 'not'
            ? step.kind
            : conditionInWords(criterion.steps, at),
        truth: truthOf(criterion.steps, at, facts),
        compared: comparedBy(step, facts),
      })),
    };
  });
}

function depthOf(steps: readonly Step[], at: number): number {
  let depth = 0;
  for (let i = 0; i < at; i += 1) if (steps[i]!.end >= at) depth += 1;
  return depth;
}

function comparedBy(step: Step, facts: ConditionFacts): readonly ComparedValue[] {
  switch (step.kind) {
    case 'address': {
      const { address } = facts;
      const own = { name: 'client address', value: address, why: address === null ? 'is unknown' : null };
      const isListed = step.list !== null && address !== null;
      return [own, ...(isListed ? listed(step.list, step.contains(address), address) : [])];
    }
    case 'window':
    case 'stretch':
      return [moment('time', facts.nowMs)];
    case 'signIn':
      return [moment('sign-in', facts.identity?.authenticatedAtMs ?? null), moment('time', facts.nowMs)];
    case 'compare':
      return comparedValues(step, facts);
    case 'all':
    case 'any':
    case 'not':
      return [];
  }
}

function comparedValues(step: CompareStep, facts: ConditionFacts): readonly ComparedValue[] {
  const { subject, comparison } = step;
  const read = reportOf(subject, readSource(subject, facts));
  const own = mayBeTaken(step, facts)
    ? { ...read, why: 'may be read by a service as a text that it is compared with' }
    : read;
  if (comparison.operator === 'exists') return [own];
  if (comparison.operator === 'in' && 'literals' in comparison.operand) {
    const { literals, list } = comparison.operand;
    const reading = readSource(subject, facts);
    const texts =
      reading === null || reading instanceof Unreadable ? [] : typeof reading === 'string' ? [reading] : reading;
    const text = texts.find((one) => literals.has(one));
    return [own, ...(list === undefined || texts.length === 0 ? [] : listed(list, text !== undefined, text ?? ''))];
  }
  if (!('source' in comparison.operand)) return [own];
  return [own, reportOf(comparison.operand.source, readOperand(comparison, facts) as Reading)];
}

/** Whether a file lists a value, and on which line, if known. */
function listed(list: ListFile, contains: boolean, text: string): readonly ComparedValue[] {
  const line = contains ? list.lineOf(text) : null;
  const value = line === null ? 'lists it' : `line ${line}`;
  return [{ name: listInWords(list), value: contains ? value : null, why: contains ? null : 'does not list it' }];
}

function moment(name: string, ms: number | null): ComparedValue {
  return { name, value: ms === null ? null : momentInWords(ms), why: ms === null ? 'is unknown' : null };
}

function reportOf(source: ValueSource, reading: Reading): ComparedValue {
  const name = sourceInWords(source);
  if (reading instanceof Unreadable) return { name, value: null, why: reading.why };
  if (reading === null) return { name, value: null, why: 'is missing' };
  if (isTime(source) && typeof reading === 'string') return moment(name, Number(reading));
  return { name, value: source.from === 'header' ? '***' : reading, why: null };
}
