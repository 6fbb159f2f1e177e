/** One condition: exactly one subject with one operator that fits it, or one group of further conditions. */
import type { ConditionSource, ValueSource } from '../../core/policy/conditions.ts';
import { holdEveryAddress } from '../../core/syntax/addresses.ts';
import { type ConditionEntry, operators, subjects } from '../schema/conditions.ts';
import type { Parts } from '../schema.ts';
import type { CriterionScope } from './check-conditions.ts';
import { checkListOperand, checkOperand, readField, reportSource } from './check-operand.ts';
import { type Location, whole } from './location.ts';

type Entry = Parts<ConditionEntry>;

const groups = ['all', 'any', 'not'] as const;
type Operator = keyof typeof operators;

const keysOf = <Key extends string>(shape: Readonly<Record<Key, unknown>>) => Object.keys(shape) as Key[];

const deepest = 6;

/** Null when there are problems with it. */
export function checkCondition(
  entry: Entry,
  at: Location,
  scope: CriterionScope,
  depth: number,
): ConditionSource | null {
  const written = <Key extends string>(keys: readonly Key[]) => keys.filter((key) => at.at(key).isWritten);
  const [group, secondGroup] = written(groups);
  const [subject, secondSubject] = written(keysOf(subjects));
  const [operator, secondOperator] = written(keysOf(operators));
  const beside = (extra: string, first: string, hint: string) => {
    at.at(extra).reportKey(`"${extra}" cannot stand beside "${first}"`, hint);
    return null;
  };
  if (group !== undefined) {
    const extra = secondGroup ?? subject ?? operator;
    if (extra === undefined) return checkGroup(entry, group, at.at(group), scope, depth);
    return beside(extra, group, `write each as an entry of "${group === 'not' ? 'all' : group}"`);
  }
  if (subject === undefined) {
    const names = [...keysOf(subjects), ...groups].join(', ');
    at.report('this condition compares nothing', `name one of ${names}`);
    return null;
  }
  if (secondSubject !== undefined) return beside(secondSubject, subject, 'a condition compares one value');
  if (operator === undefined) {
    const hint = subject === 'client' ? 'add "cidr"' : 'add one of equals, in, startsWith, exists';
    at.report(`"${subject}" is compared with nothing`, hint);
    return null;
  }
  if (secondOperator !== undefined) return beside(secondOperator, operator, 'write two conditions');
  if (subject === 'client' && operator === 'cidr') return checkRanges(entry, at.at('cidr'), scope);
  if (subject === 'client' || operator === 'cidr') {
    const hint =
      subject === 'client' ? 'the address of the client is compared by "cidr"' : '"cidr" compares "client: address"';
    at.at(operator).reportKey(`"${operator}" does not fit "${subject}"`, hint);
    return null;
  }
  const source = sourceOf(entry, at, scope);
  if (source === null || reportSource(source, at.at(subject), scope)) return null;
  return checkComparison(entry, source, operator, at.at(operator), scope);
}

function checkGroup(
  entry: Entry,
  group: (typeof groups)[number],
  at: Location,
  scope: CriterionScope,
  depth: number,
): ConditionSource | null {
  if (depth >= deepest) {
    at.reportKey(`conditions are nested deeper than ${deepest} levels`);
    return null;
  }
  const check = (part: Entry | undefined, there: Location) =>
    part === undefined ? null : checkCondition(part, there, scope, depth + 1);
  if (group === 'not') {
    const inner = check(entry.not, at);
    return inner === null ? null : { not: inner };
  }
  const sources = entry[group]?.map((part, index) => check(part, at.at(index))) ?? [];
  const sound = sources.filter((source) => source !== null);
  if (sound.length !== sources.length || sound.length === 0) return null;
  return group === 'all' ? { all: sound } : { any: sound };
}

function sourceOf({ param, query, header, identity }: Entry, at: Location, scope: CriterionScope): ValueSource | null {
  if (param !== undefined) return { from: 'param', name: param };
  if (query !== undefined) return { from: 'query', name: query };
  if (header !== undefined) return { from: 'header', name: header };
  return identity === undefined ? null : readField(identity, at.at('identity'), scope);
}

function checkRanges({ cidr }: Entry, at: Location, scope: CriterionScope): ConditionSource | null {
  const written = typeof cidr === 'string' ? [cidr] : (cidr ?? []);
  const ranges = whole(written);
  if (ranges.length === 0 || ranges.length < written.length) return null;
  if (scope.allowsEveryAddress || !holdEveryAddress(ranges)) return { ranges };
  const hint = 'name the networks; "conditions.allowEveryAddress: true" says that this is meant';
  at.report('these ranges hold every address, so the condition has no effect', hint);
  return null;
}

function checkComparison(
  entry: Entry,
  subject: ValueSource,
  operator: Exclude<Operator, 'cidr'>,
  at: Location,
  scope: CriterionScope,
): ConditionSource | null {
  const type = subject.from === 'claim' ? subject.type : 'string';
  const compares = {
    exists: true,
    equals: type !== 'time',
    in: type !== 'time',
    startsWith: type === 'string' || type === 'list',
  };
  if (!compares[operator]) {
    at.reportKey(`"${operator}" does not fit a claim of type ${type}`);
    return null;
  }
  if (operator === 'exists') {
    if (subject.from === 'param') {
      at.reportKey('a parameter of the path is always there', 'remove this condition');
    } else if (subject.from === 'identity' && subject.field === 'groups') {
      at.reportKey('groups are always a list, which can be empty', 'compare them by "equals" or "in"');
    } else if (entry.exists !== undefined) return { subject, comparison: { operator, wanted: entry.exists } };
    return null;
  }
  if (operator === 'in') {
    const operand = checkListOperand(entry.in, subject, at, scope);
    return operand === null ? null : { subject, comparison: { operator, operand } };
  }
  const operand = checkOperand(entry[operator], subject, operator, at, scope);
  return operand === null ? null : { subject, comparison: { operator, operand } };
}
