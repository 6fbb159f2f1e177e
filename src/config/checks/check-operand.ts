/** What a value is compared with: literals, or another value that is written like `identity.groups` or `param.id`. */
import { credentialKinds } from '../../core/credential/credential.ts';
import { conditionFields, type ListOperand, type Operand, type ValueSource } from '../../core/policy/conditions.ts';
import { listed } from '../schema/scalar.ts';
import type { Parts } from '../schema.ts';
import type { CriterionScope } from './check-conditions.ts';
import { type Location, whole } from './location.ts';

const kinds: readonly string[] = credentialKinds;

/** Null when there are problems with it. */
export function checkOperand(
  text: string | undefined,
  subject: ValueSource,
  operator: 'equals' | 'startsWith',
  at: Location,
  scope: CriterionScope,
): Operand | null {
  if (text === undefined) return null;
  const source = readReference(text, at);
  if (source === undefined) return null;
  if (source === null) return reportLiteral(text, subject, operator, at) ? null : { literal: text };
  if (reportSource(source, at, scope) || reportItself(source, subject, at)) return null;
  if (isListField(source)) at.report(`"${text}" is a list`, `write "in: ${text}"`);
  else if (operator === 'startsWith' && source.from !== 'identity') {
    const message = `the client chooses "${text}", and a single letter begins many values`;
    at.report(message, 'compare with "equals", or with a text or a value of the identity');
  } else return { source };
  return null;
}

/** Null when there are problems with it. */
export function checkListOperand(
  written: Parts<string | readonly string[]> | undefined,
  subject: ValueSource,
  at: Location,
  scope: CriterionScope,
): ListOperand | null {
  if (written === undefined) return null;
  if (typeof written !== 'string') {
    written.forEach((literal, index) => {
      if (literal !== undefined) reportLiteral(literal, subject, 'in', at.at(index));
    });
    const literals = new Set(whole(written));
    return literals.size === 0 ? null : { literals };
  }
  const source = readReference(written, at);
  if (source === undefined) return null;
  if (source === null) at.report('expected a list, or identity.groups', at.isOwn ? `write [${written}]` : null);
  else if (reportSource(source, at, scope) || reportItself(source, subject, at)) return null;
  else if (isListField(source)) return { source };
  else at.report(`"${written}" is one value and no list`, `write "equals: ${written}"`);
  return null;
}

/** Null: a literal. Undefined: a problem was reported. In a list everything is literal. */
function readReference(text: string, at: Location): ValueSource | null | undefined {
  const read = /^(param|query|header|identity)\.(.+)$/.exec(text);
  if (read === null) return null;
  const [, from = '', name = ''] = read;
  if (!at.isOwn) {
    at.report('a variable cannot name a value to compare with', 'write it out');
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
      : (at.nearest(name, conditionFields) ?? `known: ${conditionFields.join(', ')}`);
  at.report(`conditions read no identity.${name}`, hint);
  return undefined;
}

/** Whether there is a problem with a value of the request or the identity. */
export function reportSource(source: ValueSource, at: Location, scope: CriterionScope): boolean {
  switch (source.from) {
    case 'param': {
      const lacking = scope.patterns.find(({ params }) => !params.includes(source.name));
      if (lacking === undefined) return false;
      const { params, path } = lacking;
      const hint = params.length === 0 ? 'write {name} for a segment there' : at.nearest(source.name, params);
      const named = scope.patterns.length === 1 ? '"match.path"' : `the path "${path}"`;
      at.report(`${named} has no parameter ${at.quote(source.name)}`, hint);
      return true;
    }
    case 'header': {
      if (scope.headers === null || scope.headers.has(source.name)) return false;
      const hint = at.didYouMean(source.name, scope.headers) ?? 'list it there: "conditions: { headers: [...] }"';
      at.report('this header is not listed under "conditions.headers"', hint);
      return true;
    }
    case 'identity':
      if (scope.identified) return false;
      at.report('there is no identity on a public route', 'compare the request only, or ask for a credential');
      return true;
    case 'query':
      return false;
  }
}

function reportItself(source: ValueSource, subject: ValueSource, at: Location): boolean {
  if (JSON.stringify(source) !== JSON.stringify(subject)) return false;
  at.report('this compares a value with itself');
  return true;
}

/** Whether no value can ever be this literal. */
function reportLiteral(text: string, subject: ValueSource, operator: string, at: Location): boolean {
  const ofKind = subject.from === 'identity' && subject.field === 'kind' && operator !== 'startsWith';
  if (/[\x00-\x1f\x7f]/.test(text)) at.report('no value holds a control character');
  else if (ofKind && !kinds.includes(text)) at.report(`expected ${listed(kinds)}`, 'these are the kinds of credential');
  else return false;
  return true;
}

export function isListField(source: ValueSource): boolean {
  return source.from === 'identity' && source.field === 'groups';
}
