/** What a value is compared with: literals, or another value that is written like `identity.groups` or `param.id`. */
import { conditionFields, type ListOperand, type Operand, type ValueSource } from '../../core/policy/conditions.ts';
import type { Parts } from '../schema.ts';
import type { Path } from '../yaml/tree.ts';
import type { Check } from './check.ts';
import type { ConditionScope } from './check-conditions.ts';

const kinds: readonly string[] = ['bearer', 'key_pair'];
const mostLiterals = 1000;

/** Null when there are problems with it. */
export function checkOperand(
  text: string | undefined,
  subject: ValueSource,
  operator: 'equals' | 'startsWith',
  path: Path,
  scope: ConditionScope,
  check: Check,
): Operand | null {
  if (text === undefined) return null;
  const source = readReference(text, path, check);
  if (source === undefined) return null;
  if (source === null) return reportLiteral(text, subject, operator, path, check) ? null : { literal: text };
  if (reportSource(source, path, scope, check) || reportItself(source, subject, path, check)) return null;
  if (isListField(source)) {
    check.at(path, `"${text}" is a list`, `write "in: ${text}"`);
    return null;
  }
  if (operator === 'startsWith' && source.from !== 'identity') {
    const message = `the client chooses "${text}", and a single letter begins many values`;
    check.at(path, message, 'compare with "equals", or with a text or a value of the identity');
    return null;
  }
  return { source };
}

export function checkListOperand(
  written: Parts<string | readonly string[]> | undefined,
  subject: ValueSource,
  path: Path,
  scope: ConditionScope,
  check: Check,
): ListOperand | null {
  if (written === undefined) return null;
  if (typeof written !== 'string') return checkLiterals(written, subject, path, check);
  const source = readReference(written, path, check);
  if (source === undefined) return null;
  if (source === null) {
    check.at(path, 'expected a list, or identity.groups', check.isOwn(path) ? `write [${written}]` : null);
    return null;
  }
  if (reportSource(source, path, scope, check) || reportItself(source, subject, path, check)) return null;
  if (!isListField(source)) {
    check.at(path, `"${written}" is one value and no list`, `write "equals: ${written}"`);
    return null;
  }
  return { source };
}

function checkLiterals(
  literals: readonly (string | undefined)[],
  subject: ValueSource,
  path: Path,
  check: Check,
): ListOperand | null {
  if (literals.length === 0) check.at(path, 'an empty list holds nothing', 'name a value, or remove the condition');
  if (literals.length > mostLiterals) check.at(path, `at most ${mostLiterals} values`);
  const set = new Set<string>();
  literals.forEach((literal, index) => {
    if (literal === undefined) return;
    if (set.has(literal)) check.at([...path, index], 'this value is listed twice');
    reportLiteral(literal, subject, 'in', [...path, index], check);
    set.add(literal);
  });
  return set.size === 0 ? null : { literals: set };
}

/** Null: a literal. Undefined: a problem was reported. In a list everything is literal. */
function readReference(text: string, path: Path, check: Check): ValueSource | null | undefined {
  const read = /^(param|query|header|identity)\.(.+)$/.exec(text);
  if (read === null) return null;
  const [, from = '', name = ''] = read;
  if (!check.isOwn(path)) {
    check.at(path, 'a variable cannot name a value to compare with', 'write it out');
    return undefined;
  }
  if (from !== 'identity') {
    return { from: from as 'param' | 'query' | 'header', name: from === 'header' ? name.toLowerCase() : name };
  }
  const field = conditionFields.find((known) => known === name);
  if (field !== undefined) return { from: 'identity', field };
  const hint =
    name === 'roles'
      ? 'write roles under "access" or "unless"'
      : (check.nearest(path, name, conditionFields) ?? `known: ${conditionFields.join(', ')}`);
  check.at(path, `conditions read no identity.${name}`, hint);
  return undefined;
}

/** Whether there is a problem with a value of the request or the identity. */
export function reportSource(source: ValueSource, path: Path, scope: ConditionScope, check: Check): boolean {
  switch (source.from) {
    case 'param': {
      const params = scope.pattern?.params ?? null;
      if (params === null || params.includes(source.name)) return false;
      const hint = params.length === 0 ? 'write {name} for a segment there' : check.nearest(path, source.name, params);
      check.at(path, `"match.path" has no parameter ${check.quote(path, source.name)}`, hint);
      return true;
    }
    case 'header': {
      if (scope.headers === null || scope.headers.has(source.name)) return false;
      const nearest = scope.headers.size === 0 ? null : check.nearest(path, source.name, scope.headers);
      const hint = nearest?.startsWith('did') === true ? nearest : 'list it there: "conditions: { headers: [...] }"';
      check.at(path, 'this header is not listed under "conditions.headers"', hint);
      return true;
    }
    case 'identity':
      if (!scope.anonymous) return false;
      check.at(path, 'there is no identity on a public route', 'compare the request only, or ask for a credential');
      return true;
    case 'query':
      return false;
  }
}

function reportItself(source: ValueSource, subject: ValueSource, path: Path, check: Check): boolean {
  if (JSON.stringify(source) !== JSON.stringify(subject)) return false;
  check.at(path, 'this compares a value with itself');
  return true;
}

/** Whether no value can ever be this literal. */
function reportLiteral(text: string, subject: ValueSource, operator: string, path: Path, check: Check): boolean {
  if (/[\x00-\x1f\x7f]/.test(text)) {
    check.at(path, 'no value holds a control character');
    return true;
  }
  if (subject.from === 'identity' && subject.field === 'kind' && operator !== 'startsWith' && !kinds.includes(text)) {
    check.at(path, 'expected bearer or key_pair', 'these are the kinds of credential');
    return true;
  }
  return false;
}

export function isListField(source: ValueSource): boolean {
  return source.from === 'identity' && source.field === 'groups';
}
