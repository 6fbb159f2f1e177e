/**
 * Evaluates the conditions of a route. Three-valued (Kleene): `unclear` stays unclear under `not`, makes `all` unclear
 * unless a part is unmet, and `any` unless a part is met. Never throws.
 */
import { parseAddress } from '../syntax/addresses.ts';
import { alikeForm, beginsAlike, isAlikeOneOf } from './alike.ts';
import {
  type AddressStep,
  appliesTo,
  type CompareStep,
  type Comparison,
  type ConditionFacts,
  type Criterion,
  isOfIdentity,
  type NumberOperator,
  type SignInStep,
  type Step,
  type Truth,
  type ValueSource,
} from './conditions.ts';
import { readSource } from './read-source.ts';
import { type Reading, Unreadable } from './reading.ts';
import { isInStretch, isInWindow } from './time-window.ts';

/** The first unmet criterion, or null. */
export function firstUnmet(criteria: readonly Criterion[], facts: ConditionFacts): Criterion | null {
  for (const criterion of criteria) {
    if (!appliesTo(criterion, facts.request.method)) continue;
    if (!concerns(criterion, facts) || exempting(criterion, facts) !== null) continue;
    if (truthOf(criterion.steps, 0, facts) !== 'met') return criterion;
  }
  return null;
}

/** Whether it restricts the caller. An anonymous one is restricted, since anyone can omit a credential. */
export function concerns({ only }: Criterion, { identity }: ConditionFacts): boolean {
  return only === null || identity === null || identity.roles.some((role) => only.has(role));
}

/** The role of the identity that exempts it from the criterion, or null. */
export function exempting({ unless }: Criterion, { identity }: ConditionFacts): string | null {
  if (unless === null || identity === null) return null;
  return identity.roles.find((role) => unless.has(role)) ?? null;
}

/** Truth of the condition that begins at a step. */
export function truthOf(steps: readonly Step[], at: number, facts: ConditionFacts): Truth {
  const step = steps[at];
  // A missing condition is never met.
  if (step === undefined) return 'unclear';
  switch (step.kind) {
    case 'compare':
      return compare(step, facts);
    case 'address':
      return compareAddress(step, facts);
    case 'window':
      return facts.nowMs === null ? 'unclear' : isInWindow(step.window, facts.nowMs) ? 'met' : 'unmet';
    case 'stretch':
      return facts.nowMs === null ? 'unclear' : isInStretch(step.stretch, facts.nowMs) ? 'met' : 'unmet';
    case 'signIn':
      return compareSignIn(step, facts);
    case 'not':
      return negated(truthOf(steps, at + 1, facts));
    // No default: a kind without a case must not count as an empty group, which is met.
    case 'all':
      return joined(steps, at, step.end, 'unmet', facts);
    case 'any':
      return joined(steps, at, step.end, 'met', facts);
  }
}

function negated(truth: Truth): Truth {
  if (truth === 'unclear') return truth;
  return truth === 'met' ? 'unmet' : 'met';
}

/** `settling` ends the search: `met` for `any`, `unmet` for `all`. */
function joined(
  steps: readonly Step[],
  at: number,
  end: number,
  settling: 'met' | 'unmet',
  facts: ConditionFacts,
): Truth {
  let truth: Truth = negated(settling);
  for (let child = at + 1; child <= end; child = steps[child]!.end + 1) {
    const childTruth = truthOf(steps, child, facts);
    if (childTruth === settling) return settling;
    if (childTruth === 'unclear') truth = childTruth;
  }
  return truth;
}

function compare(step: CompareStep, facts: ConditionFacts): Truth {
  return truthOfValue(step, readSource(step.subject, facts), facts);
}

/** As if the subject of the comparison had this value. */
export function truthOfValue({ subject, comparison }: CompareStep, value: Reading, facts: ConditionFacts): Truth {
  if (value instanceof Unreadable) return 'unclear';
  switch (comparison.operator) {
    case 'exists':
      return (value !== null) === comparison.wanted ? 'met' : 'unmet';
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return compareNumber(numberOf(subject, value), comparison.operator, comparison.operand.number);
    default:
      return compareText(
        value,
        comparison.operator,
        readOperand(comparison, facts),
        readsOfClient(subject, comparison),
      );
  }
}

/** Whether the value can be read, and is another text than it is compared with, but one that a service may take for it. */
export function mayBeTaken({ subject, comparison }: CompareStep, facts: ConditionFacts): boolean {
  const value = readSource(subject, facts);
  const operand = readOperand(comparison, facts);
  if (value === null || value instanceof Unreadable || !isComparable(operand) || !isTextual(comparison)) return false;
  return compareText(value, comparison.operator, operand, readsOfClient(subject, comparison)) === 'unclear';
}

/** The other side of the comparison, for evaluation and explanations. A literal list is a set. */
export function readOperand(comparison: Comparison, facts: ConditionFacts): Reading | ReadonlySet<string> {
  if (comparison.operator === 'exists') return null;
  const { operand } = comparison;
  if ('source' in operand) return readSource(operand.source, facts);
  if ('number' in operand) return String(operand.number);
  return 'literal' in operand ? operand.literal : operand.literals;
}

type TextOperator = Exclude<Comparison['operator'], 'exists' | NumberOperator>;

function isTextual(comparison: Comparison): comparison is Extract<Comparison, { readonly operator: TextOperator }> {
  return ['equals', 'in', 'startsWith'].includes(comparison.operator);
}

type Comparable = string | readonly string[] | ReadonlySet<string>;

/** An empty operand cannot be compared: every value starts with it, and two missing values would be equal. */
function isComparable(operand: Reading | ReadonlySet<string>): operand is Comparable {
  return operand !== null && operand !== '' && !(operand instanceof Unreadable);
}

function compareText(
  value: string | readonly string[] | null,
  operator: TextOperator,
  operand: Reading | ReadonlySet<string>,
  ofClient: boolean,
): Truth {
  if (value === null || !isComparable(operand)) return 'unclear';
  const values = typeof value === 'string' ? [value] : value;
  if (values.some((one) => holds(operator, one, operand))) return 'met';
  return ofClient && mayHold(operator, values, operand) ? 'unclear' : 'unmet';
}

/** Whether the client chooses a text that is compared: a service reads it again, in its own way. */
function readsOfClient(subject: ValueSource, comparison: Comparison): boolean {
  if (!isOfIdentity(subject)) return true;
  return 'operand' in comparison && 'source' in comparison.operand && !isOfIdentity(comparison.operand.source);
}

function holds(operator: TextOperator, value: string, operand: Comparable): boolean {
  if (typeof operand === 'string') return operator === 'startsWith' ? value.startsWith(operand) : value === operand;
  return isList(operand) ? operand.includes(value) : operand.has(value);
}

/**
 * Whether a service may read one of the values as one of which the comparison holds. The operand is folded once: a client may send a
 * long one, to be compared with many groups.
 */
function mayHold(operator: TextOperator, values: readonly string[], operand: Comparable): boolean {
  if (operator === 'startsWith') return typeof operand === 'string' && values.some((one) => beginsAlike(one, operand));
  if (typeof operand !== 'string' && !isList(operand)) return values.some((one) => isAlikeOneOf(one, operand));
  const forms = new Set((typeof operand === 'string' ? [operand] : operand).map(alikeForm));
  return values.some((one) => forms.has(alikeForm(one)));
}

function isList(operand: readonly string[] | ReadonlySet<string>): operand is readonly string[] {
  return Array.isArray(operand);
}

/** One spelling per number, because services read others (`1e2`, `+1`, `01`, `1.0`) in more than one way. */
const plainNumber = /^(?:0|-?[1-9][0-9]{0,14}|-?(?:0|[1-9][0-9]{0,14})\.[0-9]{0,5}[1-9])$/;

/** A claim is already a number, however it is written. Null: not a number, or one with another reading. */
function numberOf({ from }: ValueSource, value: string | readonly string[] | null): number | null {
  if (typeof value !== 'string') return null;
  return from === 'claim' || plainNumber.test(value) ? Number(value) : null;
}

function compareNumber(number: number | null, operator: NumberOperator, bound: number): Truth {
  if (number === null) return 'unclear';
  const holds = { lt: number < bound, lte: number <= bound, gt: number > bound, gte: number >= bound }[operator];
  return holds ? 'met' : 'unmet';
}

/** How far the clock of a source may be ahead: a later sign-in does not count. */
const maxAheadMs = 60_000;

function compareSignIn({ maxMs }: SignInStep, { identity, nowMs }: ConditionFacts): Truth {
  const at = identity?.authenticatedAtMs ?? null;
  if (at === null || nowMs === null) return 'unclear';
  const ageMs = nowMs - at;
  return ageMs <= maxMs && ageMs >= -maxAheadMs ? 'met' : 'unmet';
}

function compareAddress({ contains }: AddressStep, { address }: ConditionFacts): Truth {
  if (address === null || parseAddress(address) === null) return 'unclear';
  return contains(address) ? 'met' : 'unmet';
}
