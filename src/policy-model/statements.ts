/**
 * Conditions as statements about a request. Two conditions are the same statement only if they are written alike, about the same
 * value, and read that value alike.
 */
import {
  type CompareStep,
  type Criterion,
  type GroupStep,
  isOfIdentity,
  type Step,
  type Truth,
  type ValueSource,
} from '../core/policy/conditions.ts';
import { conditionInWords } from '../core/policy/describe-conditions.ts';
import type { Route } from '../core/routing/route.ts';
import { foldedForm, formKey, type ParamForm, type Taker } from '../core/url/param-form.ts';
import { placeOfParam, type Segment } from '../core/url/path-pattern.ts';
import { ignoresCase } from '../core/url/path-reading.ts';
import { withoutEntries } from './samples/list-samples.ts';

/** Every kind of step that is no group. */
export type Statement = Exclude<Step, GroupStep>;

/** One statement. */
export interface Atom {
  readonly step: Statement;
  /**
   * Statements with the same subject are about one value and depend on each other; null: the statement also depends on a second
   * value.
   */
  readonly subject: string | null;
  readonly words: string;
  /** The places of the parameters on the route where the statement was found. */
  readonly places: ParamPlaces;
}

/** Truth of each statement, by its key. */
export type Truths = ReadonlyMap<string, Truth>;

/** Where parameters are and how they are read, and which kinds of credential are possible. */
export type ParamPlaces = Pick<Route, 'pattern' | 'reading' | 'credentials'>;

/** Statements of all or some conditions of a route, by key. */
export function atomsOf(
  route: Pick<Route, 'conditions'> & ParamPlaces,
  conditions: readonly Criterion[] = route.conditions ?? [],
): ReadonlyMap<string, Atom> {
  const atoms = new Map<string, Atom>();
  for (const { steps } of conditions) {
    for (const [at, step] of steps.entries()) {
      if (!isStatement(step)) continue;
      const words = conditionInWords(steps, at);
      atoms.set(keyOf(step, route), { step, subject: subjectOf(step, route), words, places: route });
    }
  }
  return atoms;
}

/** What the truth of conditions depends on. */
export interface Premise {
  readonly places: ParamPlaces;
  readonly truths: Truths;
  /** Whether there is an identity. Without one, statements about it are settled. */
  readonly identified: boolean;
}

/** Like `truthOf` of the evaluation, but with the truth of each statement given. */
export function truthUnder(steps: readonly Step[], at: number, premise: Premise): Truth {
  const step = steps[at];
  if (step === undefined) return 'unclear';
  if (isStatement(step)) {
    const settled = premise.identified ? null : truthWithoutIdentity(step);
    return settled ?? premise.truths.get(keyOf(step, premise.places)) ?? 'unclear';
  }
  const parts: Truth[] = [];
  for (let child = at + 1; child <= step.end; child = steps[child]!.end + 1) {
    parts.push(truthUnder(steps, child, premise));
  }
  if (step.kind === 'not') return negated(parts[0] ?? 'unclear');
  const settling: Truth = step.kind === 'any' ? 'met' : 'unmet';
  if (parts.includes(settling)) return settling;
  return parts.includes('unclear') ? 'unclear' : negated(settling);
}

/** Truth of a statement about the identity if there is none; null: it is about something else. */
export function truthWithoutIdentity(step: Step): Truth | null {
  if (step.kind === 'signIn') return 'unclear';
  if (step.kind !== 'compare') return null;
  const { subject, comparison } = step;
  if (comparison.operator === 'exists') {
    if (!isOfIdentity(subject)) return null;
    return comparison.wanted ? 'unmet' : 'met';
  }
  const { operand } = comparison;
  return isOfIdentity(subject) || ('source' in operand && isOfIdentity(operand.source)) ? 'unclear' : null;
}

/** Equal for two conditions that are worded alike, regardless of the names of their parameters. */
export function criterionKey({ steps }: Pick<Criterion, 'steps'>, places: ParamPlaces): string {
  return JSON.stringify(steps.map((step) => (isStatement(step) ? keyOf(step, places) : `${step.kind} ${step.end}`)));
}

function isStatement(step: Step): step is Statement {
  return step.kind !== 'all' && step.kind !== 'any' && step.kind !== 'not';
}

function negated(truth: Truth): Truth {
  if (truth === 'unclear') return truth;
  return truth === 'met' ? 'unmet' : 'met';
}

function subjectOf(step: Statement, places: ParamPlaces): string | null {
  switch (step.kind) {
    case 'address':
      return 'client';
    case 'window':
    case 'stretch':
      return 'time';
    case 'signIn':
      return 'sign-in';
    case 'compare':
      return comparedSubject(step, places);
  }
}

function comparedSubject({ subject, comparison }: CompareStep, places: ParamPlaces): string | null {
  if (comparison.operator !== 'exists' && 'source' in comparison.operand) return null;
  return JSON.stringify(placed(subject, places));
}

/** A search needs them repeatedly. */
const knownKeys = new WeakMap<Step, WeakMap<ParamPlaces, string>>();

function keyOf(step: Statement, places: ParamPlaces): string {
  const known = knownKeys.get(step) ?? new WeakMap<ParamPlaces, string>();
  knownKeys.set(step, known);
  const key = known.get(places) ?? writeKey(step, places);
  known.set(places, key);
  return key;
}

function writeKey(step: Statement, places: ParamPlaces): string {
  return JSON.stringify(step, (key, value: unknown) => {
    if (key === 'end' || typeof value === 'function') return undefined;
    if (value instanceof Set) return [...value].sort();
    return isSource(value) ? placed(value, places) : withoutEntries(key, value);
  });
}

/**
 * Identifies parameters by their place and the text around them, because two routes may name one place differently. If the service
 * ignores letter case, a parameter with capital letters is unclear if another route can match it.
 */
function placed(source: ValueSource, { pattern, reading }: ParamPlaces): object {
  if (source.from !== 'param') return source;
  const form = formOf(source, pattern);
  return {
    from: 'param',
    at: placeOfParam(source, pattern),
    around: [form?.before ?? '', form?.after ?? ''],
    ignoresCase: ignoresCase(reading),
  };
}

/** The form with which a parameter is read from its segment; null: it is the whole segment, or the value is not a parameter. */
export function formOf(source: ValueSource, pattern: ParamPlaces['pattern']): ParamForm | null {
  return source.from === 'param' ? formIn((source.pattern ?? pattern).segments[placeOfParam(source, pattern)]) : null;
}

/** All forms of the segment that a parameter is in: that of the parameter, and the route's if a policy reads it. */
export function takersOf(source: ValueSource, { pattern, reading }: ParamPlaces): readonly Taker[] {
  if (source.from !== 'param') return [];
  const forms = [formOf(source, pattern), formIn(pattern.segments[placeOfParam(source, pattern)])];
  const unlike = new Map(forms.filter((form) => form !== null).map((form) => [formKey(form), form]));
  // Only texts in lower case have one reading then.
  const read = (form: ParamForm) => (ignoresCase(reading) ? foldedForm(form) : form);
  return [...unlike.values()].map((form) => ({ form: read(form), anyCase: false }));
}

/** Null: any text, or any number of segments. */
function formIn(segment: Segment | undefined): ParamForm | null {
  if (segment?.kind === 'literal') return { before: '', after: '', shape: { kind: 'words', words: [segment.text] } };
  return segment?.kind === 'param' ? segment.form : null;
}

function isSource(value: unknown): value is ValueSource {
  return typeof value === 'object' && value !== null && 'from' in value;
}
