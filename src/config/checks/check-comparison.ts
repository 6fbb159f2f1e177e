/** One condition: exactly one subject with one operator that fits it, or one group of further conditions. */
import type { ConditionSource, ValueSource } from '../../core/policy/conditions.ts';
import { holdEveryAddress } from '../../core/syntax/addresses.ts';
import type { ConditionEntry } from '../schema/conditions.ts';
import type { Parts } from '../schema.ts';
import type { Path } from '../yaml/tree.ts';
import type { Check } from './check.ts';
import type { ConditionScope } from './check-conditions.ts';
import { checkListOperand, checkOperand, isListField, reportSource } from './check-operand.ts';

type Entry = Parts<ConditionEntry>;

const groups = ['all', 'any', 'not'] as const;
const subjects = ['param', 'query', 'header', 'identity', 'client'] as const;
const operators = ['equals', 'in', 'startsWith', 'exists', 'cidr'] as const;

const deepest = 6;
/** Of one `all` or `any`. */
const mostParts = 32;

/** Null when there are problems with it. */
export function checkCondition(
  entry: Entry,
  path: Path,
  scope: ConditionScope,
  check: Check,
  depth: number,
): ConditionSource | null {
  const written = <Key extends string>(keys: readonly Key[]) => keys.filter((key) => check.has([...path, key]));
  const [group, secondGroup] = written(groups);
  const [subject, secondSubject] = written(subjects);
  const [operator, secondOperator] = written(operators);
  if (group !== undefined) {
    const extra = secondGroup ?? subject ?? operator;
    if (extra !== undefined) {
      const hint = `write each as an entry of "${group === 'not' ? 'all' : group}"`;
      check.atKey([...path, extra], `"${extra}" cannot stand beside "${group}"`, hint);
      return null;
    }
    return checkGroup(entry, group, path, scope, check, depth);
  }
  if (subject === undefined) {
    check.at(
      path,
      'this condition compares nothing',
      'name one of param, query, header, identity, client, all, any, not',
    );
    return null;
  }
  if (secondSubject !== undefined) {
    check.atKey(
      [...path, secondSubject],
      `"${secondSubject}" cannot stand beside "${subject}"`,
      'a condition compares one value',
    );
    return null;
  }
  if (operator === undefined) {
    const hint = subject === 'client' ? 'add "cidr"' : 'add one of equals, in, startsWith, exists';
    check.at(path, `"${subject}" is compared with nothing`, hint);
    return null;
  }
  if (secondOperator !== undefined) {
    check.atKey(
      [...path, secondOperator],
      `"${secondOperator}" cannot stand beside "${operator}"`,
      'write two conditions',
    );
    return null;
  }
  if (subject === 'client' && operator === 'cidr') return checkRanges(entry, path, scope, check);
  if (subject === 'client' || operator === 'cidr') {
    const hint =
      subject === 'client' ? 'the address of the client is compared by "cidr"' : '"cidr" compares "client: address"';
    check.atKey([...path, operator], `"${operator}" does not fit "${subject}"`, hint);
    return null;
  }
  const source = sourceOf(entry);
  if (source === null || reportSource(source, [...path, subject], scope, check)) return null;
  return checkComparison(entry, source, operator, path, scope, check);
}

function checkGroup(
  entry: Entry,
  group: (typeof groups)[number],
  path: Path,
  scope: ConditionScope,
  check: Check,
  depth: number,
): ConditionSource | null {
  const at = [...path, group];
  if (depth >= deepest) {
    check.atKey(at, `conditions are nested deeper than ${deepest} levels`);
    return null;
  }
  if (group === 'not') {
    if (entry.not === undefined) return null;
    const inner = checkCondition(entry.not, at, scope, check, depth + 1);
    return inner === null ? null : { not: inner };
  }
  const parts = entry[group];
  if (parts === undefined) return null;
  if (parts.length === 0) check.at(at, `an empty "${group}" has no meaning`, 'add a condition, or remove it');
  if (parts.length > mostParts) check.at(at, `at most ${mostParts} conditions`);
  const sources: ConditionSource[] = [];
  parts.forEach((part, index) => {
    const source = part === undefined ? null : checkCondition(part, [...at, index], scope, check, depth + 1);
    if (source !== null) sources.push(source);
  });
  if (sources.length !== parts.length || sources.length === 0) return null;
  return group === 'all' ? { all: sources } : { any: sources };
}

function sourceOf({ param, query, header, identity }: Entry): ValueSource | null {
  if (param !== undefined) return { from: 'param', name: param };
  if (query !== undefined) return { from: 'query', name: query };
  if (header !== undefined) return { from: 'header', name: header };
  return identity === undefined ? null : { from: 'identity', field: identity };
}

function checkRanges({ cidr }: Entry, path: Path, scope: ConditionScope, check: Check): ConditionSource | null {
  if (cidr === undefined) return null;
  const written = typeof cidr === 'string' ? [cidr] : cidr;
  const ranges = written.filter((range) => range !== undefined);
  if (ranges.length < written.length) return null;
  if (ranges.length === 0) {
    check.at([...path, 'cidr'], 'an empty list of ranges', 'name a range such as 10.0.0.0/8');
    return null;
  }
  if (!scope.allowsEveryAddress && holdEveryAddress(ranges)) {
    const hint = 'name the networks; "conditions.allowEveryAddress: true" says that this is meant';
    check.at([...path, 'cidr'], 'these ranges hold every address, so the condition has no effect', hint);
    return null;
  }
  return { ranges };
}

function checkComparison(
  entry: Entry,
  subject: ValueSource,
  operator: Exclude<(typeof operators)[number], 'cidr'>,
  path: Path,
  scope: ConditionScope,
  check: Check,
): ConditionSource | null {
  const at = [...path, operator];
  if (operator === 'exists') {
    if (subject.from === 'param') {
      check.atKey(at, 'a parameter of the path is always there', 'remove this condition');
      return null;
    }
    if (isListField(subject)) {
      check.atKey(at, 'groups are always a list, which can be empty', 'compare them by "equals" or "in"');
      return null;
    }
    return entry.exists === undefined ? null : { subject, comparison: { operator, wanted: entry.exists } };
  }
  if (operator === 'in') {
    const operand = checkListOperand(entry.in, subject, at, scope, check);
    return operand === null ? null : { subject, comparison: { operator, operand } };
  }
  const operand = checkOperand(entry[operator], subject, operator, at, scope, check);
  return operand === null ? null : { subject, comparison: { operator, operand } };
}
