/** The other side of a comparison: literals, or another value such as `identity.groups` or `param.id`. */
import { credentialKinds } from '../../core/credential/credential.ts';
import { type ClaimType, isExact } from '../../core/identity/claims.ts';
import {
  conditionFields,
  isListSource,
  isOfIdentity,
  type ListOperand,
  type Operand,
  type ValueSource,
} from '../../core/policy/conditions.ts';
import { Problem } from '../problem.ts';
import { listed } from '../schema/scalar.ts';
import type { CriterionScope } from './check-conditions.ts';
import { reportUndeclaredClaim } from './check-identity-claims.ts';
import type { Location } from './location.ts';

const kinds: readonly string[] = credentialKinds;

/** As written. A number, true or false is compared with a claim of that type only. */
export type Literal = string | number | boolean;

/** Null when there are problems with it. */
export function checkOperand(
  value: Literal,
  subject: ValueSource,
  operator: 'equals' | 'startsWith',
  at: Location,
  scope: CriterionScope,
): Operand | null {
  const source = typeof value === 'string' ? readReference(value, at, scope) : null;
  if (source === undefined) return null;
  if (source === null) {
    const literal = checkLiteral(value, subject, operator, at, scope);
    return literal === null ? null : { literal };
  }
  if (reportSource(source, at, scope) || reportItself(source, subject, at)) return null;
  if (isListSource(source)) at.report(`"${value}" is a list`, `write "in: ${value}"`);
  else if (operator === 'startsWith' && !isOfIdentity(source)) {
    const message = `the client chooses "${value}", and a single letter begins many values`;
    at.report(message, 'compare with "equals", or with a text or a value of the identity');
  } else return { source };
  return null;
}

/** Whether a list is in a file. */
export function isListFile(value: unknown): value is { readonly file: string } {
  return typeof value === 'object' && !Array.isArray(value);
}

/** Null when there are problems with it. */
export function checkListOperand(
  value: Literal | readonly Literal[] | { readonly file: string },
  subject: ValueSource,
  at: Location,
  scope: CriterionScope,
): ListOperand | null {
  if (isListFile(value)) {
    const type = typeOf(subject);
    const kind = isKind(subject) ? 'kind' : type;
    return at.file.lists.texts(value.file, kind, (text) => literalOf(text, subject, 'in', scope), at.at('file'));
  }
  if (typeof value === 'object') {
    const literals = value.map((literal, index) => checkLiteral(literal, subject, 'in', at.at(index), scope));
    const sound = literals.filter((literal) => literal !== null);
    return sound.length === 0 ? null : { literals: new Set(sound) };
  }
  const source = typeof value === 'string' ? readReference(value, at, scope) : null;
  if (source === undefined) return null;
  if (source === null) at.report('expected a list, or identity.groups', at.isOwn ? `write [${value}]` : null);
  else if (reportSource(source, at, scope) || reportItself(source, subject, at)) return null;
  else if (isListSource(source)) return { source };
  else at.report(`"${value}" is one value, not a list`, `write "equals: ${value}"`);
  return null;
}

/** Null: a literal. Undefined: a problem was reported. In a list everything is literal. */
function readReference(text: string, at: Location, scope: CriterionScope): ValueSource | null | undefined {
  const read = /^(param|query|header|identity)\.(.+)$/.exec(text);
  if (read === null) return null;
  const [, from = '', name = ''] = read;
  if (!at.isOwn) {
    at.report('a variable cannot name a value to compare with', 'write it out');
    return undefined;
  }
  if (from !== 'identity') {
    return from === 'header' ? headerSource(name.toLowerCase(), scope) : { from: from as 'param' | 'query', name };
  }
  const source = readField(name, at, scope);
  if (source !== null) return source;
  if (name.startsWith('claims.')) return undefined;
  const hint =
    name === 'roles'
      ? 'write roles under "access" or "unless"'
      : (at.nearest(name, conditionFields) ?? `known: ${conditionFields.join(', ')}`);
  at.report(`conditions cannot read identity.${name}`, hint);
  return undefined;
}

/** Null: no such field; an undeclared claim was reported. */
export function readField(name: string, at: Location, { claims }: CriterionScope): ValueSource | null {
  const field = conditionFields.find((known) => known === name);
  if (field !== undefined) return { from: 'identity', field };
  if (!name.startsWith('claims.')) return null;
  const claim = name.slice('claims.'.length);
  const type = claims.get(claim);
  if (type !== undefined) return { from: 'claim', name: claim, type };
  reportUndeclaredClaim(claim, at, claims);
  return null;
}

export function headerSource(name: string, { headers }: CriterionScope): ValueSource {
  return headers.get(name) === 'trusted' ? { from: 'header', name, trusted: true } : { from: 'header', name };
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
      if (scope.headers.has(source.name)) return false;
      const hint = at.didYouMean(source.name, scope.headers.keys()) ?? 'list it there, as "any" or "trusted"';
      at.report('this header is not listed under "conditions.headers"', hint);
      return true;
    }
    case 'identity':
    case 'claim':
      if (scope.identified) return false;
      at.report('there is no identity on a public route', 'compare only the request, or require a credential');
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

/** In the form of compared values; null: no value can equal this literal, which was reported. */
function checkLiteral(
  value: Literal,
  subject: ValueSource,
  operator: string,
  at: Location,
  scope: CriterionScope,
): string | null {
  const literal = literalOf(value, subject, operator, scope);
  if (!(literal instanceof Problem)) return literal;
  at.report(literal.message, literal.hint);
  return null;
}

/** In the form of compared values, or why no value can equal this literal. */
function literalOf(
  value: Literal,
  subject: ValueSource,
  operator: string,
  { userSources: sources }: CriterionScope,
): string | Problem {
  const type = typeOf(subject);
  if (type === 'number' || type === 'boolean') return typedLiteral(value, type);
  if (typeof value !== 'string') {
    const expected = 'expected a text, or a value such as identity.userId or param.id';
    return new Problem(expected, 'put it in quotes to make it text');
  }
  if (/[\x00-\x1f\x7f]/.test(value)) return new Problem('no value contains a control character');
  const isBeginning = operator === 'startsWith';
  const canMeet = (names: Iterable<string>) =>
    [...names].some((name) => (isBeginning ? name.startsWith(value) : name === value));
  const expected = isBeginning ? 'expected the beginning of' : 'expected';
  if (isKind(subject) && !canMeet(kinds)) {
    return new Problem(`${expected} ${listed(kinds)}`, 'these are the kinds of credential');
  }
  if (isSource(subject) && !canMeet(sources)) {
    const hint = 'of sources with the same "issuer", the first one counts';
    return new Problem(`${expected} the name of a source: ${[...sources].join(', ')}`, hint);
  }
  return value;
}

function typeOf(subject: ValueSource): ClaimType {
  return subject.from === 'claim' ? subject.type : 'string';
}

function isKind(subject: ValueSource): boolean {
  return subject.from === 'identity' && subject.field === 'kind';
}

function isSource(subject: ValueSource): boolean {
  return subject.from === 'identity' && subject.field === 'source';
}

function typedLiteral(value: Literal, type: 'number' | 'boolean'): string | Problem {
  const text = String(value);
  if (type === 'boolean') {
    if (text === 'true' || text === 'false') return text;
    return new Problem('expected true or false', 'the claim is of type boolean');
  }
  // A variable provides text.
  const number = /^-?\d+(?:\.\d+)?$/.test(text) || typeof value === 'number' ? Number(text) : Number.NaN;
  if (isExact(number)) return String(number);
  const hint = Number.isFinite(number)
    ? 'a larger id must be a text: declare the claim as a string'
    : 'the claim is of type number';
  return new Problem(Number.isFinite(number) ? 'expected a number up to 2^53 - 1' : 'expected a number', hint);
}
