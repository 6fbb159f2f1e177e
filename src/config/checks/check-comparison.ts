/** One condition: exactly one subject with one operator that fits it, or one group of further conditions. */

import type { ClaimType } from '../../core/identity/claims.ts';
import type { ConditionSource, ValueSource } from '../../core/policy/conditions.ts';
import { type AddressList, addressList } from '../../core/policy/list-file.ts';
import { dayNames, minutesOfDay } from '../../core/policy/time-window.ts';
import { holdEveryAddress } from '../../core/syntax/addresses.ts';
import type { ParamForm } from '../../core/url/param-form.ts';
import { formOfParam, type RoutePattern } from '../../core/url/path-pattern.ts';
import { type Bound, type ConditionEntry, operators, subjects } from '../schema/conditions.ts';
import { compileZone } from '../units/time-zone.ts';
import type { CriterionScope } from './check-conditions.ts';
import { checkListOperand, checkOperand, headerSource, isListFile, readField, reportSource } from './check-operand.ts';
import type { Location } from './location.ts';

const groups = ['all', 'any', 'not'] as const;
type Operator = keyof typeof operators;

const keysOf = <Key extends string>(shape: Readonly<Record<Key, unknown>>) => Object.keys(shape) as Key[];

const deepest = 6;

/** Null if there are problems. */
export function checkCondition(
  entry: ConditionEntry,
  at: Location,
  scope: CriterionScope,
  depth: number,
): ConditionSource | null {
  const presentKeys = <Key extends keyof ConditionEntry>(keys: readonly Key[]) =>
    keys.filter((key) => entry[key] !== undefined);
  const [group, secondGroup] = presentKeys(groups);
  const [subject, secondSubject] = presentKeys(keysOf(subjects));
  const [operator, secondOperator] = presentKeys(keysOf(operators));
  const beside = (extra: string, first: string, hint: string) => {
    at.at(extra).reportKey(`"${extra}" cannot be combined with "${first}"`, hint);
    return null;
  };
  if (group !== undefined) {
    const extra = secondGroup ?? subject ?? operator ?? (entry.time === undefined ? undefined : 'time');
    if (extra === undefined) return checkGroup(entry, group, at.at(group), scope, depth);
    return beside(extra, group, `write each as an entry of "${group === 'not' ? 'all' : group}"`);
  }
  if (entry.time !== undefined) {
    const extra = subject ?? operator;
    return extra === undefined ? checkWindow(entry.time, at.at('time')) : beside(extra, 'time', 'write two conditions');
  }
  if (subject === undefined) {
    const names = [...keysOf(subjects), 'time', ...groups].join(', ');
    at.report('this condition compares nothing', `name one of ${names}`);
    return null;
  }
  if (secondSubject !== undefined) return beside(secondSubject, subject, 'a condition compares one value');
  if (operator === undefined) {
    const hint = subject === 'client' ? 'add "cidr"' : 'add one of equals, in, startsWith, lt, lte, gt, gte, exists';
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

function checkWindow(time: NonNullable<ConditionEntry['time']>, at: Location): ConditionSource | null {
  const { days = dayNames, from = 0, to = minutesOfDay, zone } = time;
  if (time.days === undefined && time.from === undefined && time.to === undefined) {
    at.report('this is always', 'set days, or hours with "from" and "to"');
    return null;
  }
  if (from === to || from === minutesOfDay) {
    at.report('these hours are empty', 'omit "from" and "to" for the whole day');
    return null;
  }
  const numbers = dayNames.flatMap((day, index) => (days.includes(day) ? [index] : []));
  return { window: { days: numbers, from, to, zone, minuteOfWeek: compileZone(zone)! } };
}

function checkGroup(
  entry: ConditionEntry,
  group: (typeof groups)[number],
  at: Location,
  scope: CriterionScope,
  depth: number,
): ConditionSource | null {
  if (depth >= deepest) {
    at.reportKey(`conditions are nested deeper than ${deepest} levels`);
    return null;
  }
  const check = (part: ConditionEntry, there: Location) => checkCondition(part, there, scope, depth + 1);
  if (group === 'not') {
    const inner = check(entry.not!, at);
    return inner === null ? null : { not: inner };
  }
  const sources = entry[group]!.map((part, index) => check(part, at.at(index)));
  const sound = sources.filter((source) => source !== null);
  if (sound.length !== sources.length) return null;
  return group === 'all' ? { all: sound } : { any: sound };
}

function sourceOf(
  { param, query, header, identity }: ConditionEntry,
  at: Location,
  scope: CriterionScope,
): ValueSource | null {
  if (param !== undefined) return { from: 'param', name: param };
  if (query !== undefined) return { from: 'query', name: query };
  if (header !== undefined) return headerSource(header, scope);
  return identity === undefined ? null : readField(identity, at.at('identity'), scope);
}

function formOf(source: ValueSource, pattern: RoutePattern): ParamForm | null {
  return source.from === 'param' ? formOfParam(source, pattern) : null;
}

function checkRanges({ cidr = [] }: ConditionEntry, at: Location, scope: CriterionScope): ConditionSource | null {
  if (isListFile(cidr)) {
    const place = at.at('file');
    const list = at.file.lists.addresses(cidr.file, place);
    return list === null ? null : unlessEvery(list, place, scope);
  }
  return unlessEvery(addressList(typeof cidr === 'string' ? [cidr] : cidr), at, scope);
}

/** Null: they contain every address, which was reported. */
function unlessEvery(list: AddressList, at: Location, scope: CriterionScope): AddressList | null {
  if (scope.allowsEveryAddress || !holdEveryAddress(list.ranges)) return list;
  const hint = 'list the networks; "conditions.allowEveryAddress: true" confirms that this is intended';
  at.report('these ranges contain every address, so the condition has no effect', hint);
  return null;
}

function fitsClaim(operator: Exclude<Operator, 'cidr'>, type: ClaimType): boolean {
  switch (operator) {
    case 'exists':
      return true;
    case 'equals':
    case 'in':
      return type !== 'time';
    case 'startsWith':
      return type === 'string' || type === 'list';
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return type === 'number' || type === 'time';
  }
}

/** In the form of compared values; null: not of the subject's type, which was reported. */
function boundFor(subject: ValueSource, bound: Bound, at: Location): number | null {
  const isTime = subject.from === 'claim' && subject.type === 'time';
  if (typeof bound === 'number') {
    if (!isTime) return bound;
    at.report('a claim of type time must be compared with a time', 'write it with date and zone: 2026-12-01T00:00:00Z');
  } else {
    if (isTime) return bound.timeMs;
    at.report('only a claim of type time can be compared with a time', 'write a number');
  }
  return null;
}

function checkComparison(
  entry: ConditionEntry,
  subject: ValueSource,
  operator: Exclude<Operator, 'cidr'>,
  at: Location,
  scope: CriterionScope,
): ConditionSource | null {
  if (subject.from === 'claim' && !fitsClaim(operator, subject.type)) {
    at.reportKey(`"${operator}" does not fit a claim of type ${subject.type}`);
    return null;
  }
  if (operator === 'exists') {
    if (subject.from === 'param') {
      at.reportKey('a parameter of the path is always present', 'remove this condition');
    } else if (subject.from === 'identity' && subject.field === 'groups') {
      at.reportKey('groups are always a list, which can be empty', 'compare them by "equals" or "in"');
    } else return { subject, comparison: { operator, wanted: entry.exists! } };
    return null;
  }
  if (operator === 'lt' || operator === 'lte' || operator === 'gt' || operator === 'gte') {
    const number = boundFor(subject, entry[operator]!, at);
    if (number === null) return null;
    const shape = scope.patterns.map((pattern) => formOf(subject, pattern)?.shape?.kind);
    if (subject.from === 'param' && shape.some((kind) => kind === 'uuid')) {
      at.reportKey('a parameter of this shape is not a number', 'give it the shape int');
    } else if (subject.from === 'identity')
      at.reportKey(`identity.${subject.field} is not a number`, 'compare a claim');
    else return { subject, comparison: { operator, operand: { number } } };
    return null;
  }
  if (operator === 'in') {
    const operand = checkListOperand(entry.in!, subject, at, scope);
    return operand === null ? null : { subject, comparison: { operator, operand } };
  }
  const operand = checkOperand(entry[operator]!, subject, operator, at, scope);
  return operand === null ? null : { subject, comparison: { operator, operand } };
}
