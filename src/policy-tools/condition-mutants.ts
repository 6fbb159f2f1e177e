/** Small changes of conditions, of a route or a policy: a removed condition or part, or other methods or roles. */
import type { Criterion, Step } from '../core/policy/conditions.ts';
import { sourceInWords } from '../core/policy/describe-conditions.ts';
import { addressList, listInWords } from '../core/policy/list-file.ts';
import { holdersOf } from '../core/policy/role-expression.ts';
import { type RoleTable, rolesThatGrant } from '../core/policy/roles.ts';
import type { Route } from '../core/routing/route.ts';
import { listOf } from '../policy-model/samples/list-samples.ts';
import { isSignInStep } from '../policy-model/samples/sign-in-ages.ts';
import type { Change } from './role-mutants.ts';
import { widerConditions } from './widening-mutants.ts';

/** `place`: of the conditions. */
export function* otherConditions(
  conditions: Route['conditions'],
  place: Pick<Route, 'access' | 'pattern'>,
  roles: RoleTable,
): Generator<Change<Route['conditions']>> {
  for (const [index, criterion] of (conditions ?? []).entries()) {
    const others = conditions!.filter((_, at) => at !== index);
    yield [`the condition ${criterion.word} is removed`, others.length === 0 ? null : others];
    for (const [words, steps] of withoutParts(criterion.steps)) {
      yield [`the condition ${criterion.word} loses ${words}`, conditions!.with(index, { ...criterion, steps })];
    }
    for (const role of criterion.unlessSource) {
      const unlessSource = criterion.unlessSource.filter((name) => name !== role);
      const unless = unlessSource.length === 0 ? null : grantingAny(unlessSource, roles);
      const changed = conditions!.with(index, { ...criterion, unless, unlessSource });
      yield [`role ${role} is no longer exempt from ${criterion.word}`, changed];
    }
    yield* otherHolders(criterion, roles).map(([words, changed]) => [words, conditions!.with(index, changed)] as const);
    for (const [words, methods] of otherMethodsOf(criterion)) {
      yield [words, conditions!.with(index, { ...criterion, ...methods })];
    }
    for (const [words, steps] of [...narrowerSignIns(criterion.steps), ...emptyLists(criterion.steps)]) {
      yield [`the condition ${criterion.word} ${words}`, conditions!.with(index, { ...criterion, steps })];
    }
    for (const [words, changed] of widerConditions(criterion, place, roles))
      yield [words, conditions!.with(index, changed)];
  }
}

/** Other roles that the condition restricts. */
function otherHolders(criterion: Criterion, roles: RoleTable): readonly Change<Criterion>[] {
  const { word, only, onlySource } = criterion;
  if (only === null) return [];
  const fewer = (onlySource.length < 2 ? [] : onlySource).map((role): Change<Criterion> => {
    const left = onlySource.filter((name) => name !== role);
    const changed = { ...criterion, only: holdersOf(left, roles), onlySource: left };
    return [`the condition ${word} no longer restricts role ${role}`, changed];
  });
  return [...fewer, [`the condition ${word} restricts every caller`, { ...criterion, only: null, onlySource: [] }]];
}

/** A list in a file, whose entries change as a whole. */
function* emptyLists(steps: readonly Step[]): Generator<Change<readonly Step[]>> {
  for (const [at, step] of steps.entries()) {
    const list = listOf(step);
    if (list === null || list.entries === 0) continue;
    yield [`has an empty list instead of ${listInWords(list)}`, steps.with(at, withEmptyList(step))];
  }
}

function withEmptyList(step: Step): Step {
  if (step.kind === 'address') return { ...step, ...addressList([]) };
  if (step.kind !== 'compare') return step;
  return { ...step, comparison: { operator: 'in', operand: { literals: new Set<string>() } } };
}

function* otherMethodsOf({
  methods,
  exceptMethods,
  word,
}: Criterion): Generator<Change<Pick<Criterion, 'methods' | 'exceptMethods'>>> {
  if (methods === null && exceptMethods.length === 0) return;
  yield [`the condition ${word} applies to every method`, { methods: null, exceptMethods: [] }];
  for (const method of methods === null || methods.length < 2 ? [] : methods) {
    const others = methods!.filter((other) => other !== method);
    yield [`the condition ${word} no longer applies to ${method}`, { methods: others, exceptMethods }];
  }
}

/** The condition without each part of an `all` or `any` that has several. The words contain no values of the author. */
function* withoutParts(steps: readonly Step[]): Generator<readonly [words: string, steps: readonly Step[]]> {
  for (const [at, group] of steps.entries()) {
    if (group.kind !== 'all' && group.kind !== 'any') continue;
    const parts: number[] = [];
    for (let part = at + 1; part <= group.end; part = steps[part]!.end + 1) parts.push(part);
    if (parts.length < 2) continue;
    for (const [index, part] of parts.entries()) {
      yield [`part ${index + 1} of "${group.kind}" (${partInWords(steps, part)})`, withoutPart(steps, part)];
    }
  }
}

function withoutPart(steps: readonly Step[], part: number): readonly Step[] {
  const { end } = steps[part]!;
  const length = end - part + 1;
  return steps.flatMap((step, at) => {
    if (at >= part && at <= end) return [];
    return step.end >= end ? [{ ...step, end: step.end - length }] : [step];
  });
}

function partInWords(steps: readonly Step[], at: number): string {
  const step = steps[at]!;
  switch (step.kind) {
    case 'compare':
      return sourceInWords(step.subject);
    case 'address':
      return 'client address';
    case 'signIn':
      return 'sign-in';
    case 'window':
    case 'stretch':
      return 'time';
    case 'all':
    case 'any':
    case 'not':
      return step.kind;
  }
}

export function grantingAny(names: readonly string[], roles: RoleTable): Set<string> {
  return new Set(names.flatMap((role) => [...rolesThatGrant(role, roles)]));
}

/** Halves the maximum age. */
function* narrowerSignIns(steps: readonly Step[]): Generator<Change<readonly Step[]>> {
  for (const [at, step] of steps.entries()) {
    if (!isSignInStep(step)) continue;
    yield ['accepts only sign-ins half as old', steps.with(at, { ...step, maxMs: Math.floor(step.maxMs / 2) })];
  }
}
