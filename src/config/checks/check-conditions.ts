/** The conditions of a route: each compares one value by one operator, has a word of its own, and can be met at all. */
import { reasons } from '../../core/outcome/reasons.ts';
import type { CriterionSource } from '../../core/policy/conditions.ts';
import { canonicalName } from '../../core/syntax/header-fields.ts';
import type { RoutePattern } from '../../core/url/path-pattern.ts';
import type { CriterionEntry } from '../schema/conditions.ts';
import { unreadable } from '../schema/header-names.ts';
import type { ConfigFile, Parts } from '../schema.ts';
import { checkCondition } from './check-comparison.ts';
import { type DeclaredRoles, reportUndeclared } from './check-roles.ts';
import { credentialHeaders } from './check-sections.ts';
import { type Location, whole } from './location.ts';

/** What conditions of a route may name. */
export interface ConditionScope {
  /** All that the route is for; empty: there is none to compare names with. */
  readonly patterns: readonly RoutePattern[];
  /** Headers that conditions may read; null when the section cannot be read. */
  readonly headers: ReadonlySet<string> | null;
  readonly roles: DeclaredRoles;
  /** Some method of the route reads no credential, so there is no identity to compare. */
  readonly anonymous: boolean;
  /** Ranges of addresses may hold all of them (`conditions.allowEveryAddress`). */
  readonly allowsEveryAddress: boolean;
}

/** Words of all routes: each is a label of a metric. */
export const mostWords = 256;

export function checkConditions(
  entries: Parts<readonly CriterionEntry[]>,
  at: Location,
  scope: ConditionScope,
): readonly CriterionSource[] {
  return entries.flatMap((entry, index) => {
    if (entry === undefined) return [];
    const there = at.at(index);
    checkWord(entry.reason, there.at('reason'));
    checkUnless(entry.unless, there.at('unless'), scope);
    const condition = checkCondition(entry, there, scope, 0);
    if (condition === null || entry.reason === undefined) return [];
    return [{ word: entry.reason, unless: whole(entry.unless), condition }];
  });
}

function checkWord(word: string | undefined, at: Location): void {
  if (word === undefined) return;
  if (!at.isOwn) at.report('a reason is written out', 'it becomes a label of metrics: no variable');
  else if (Object.hasOwn(reasons, word)) {
    at.report(`"${word}" is a reason of the gateway itself`, 'choose a word of your own, such as wrong_tenant');
  }
}

function checkUnless(
  unless: Parts<readonly string[]> | undefined,
  at: Location,
  { roles, anonymous }: ConditionScope,
): void {
  if (anonymous && unless !== undefined) {
    at.reportKey('"unless" has no meaning on a public route: there are no roles', 'remove it');
  }
  unless?.forEach((role, index) => {
    if (role !== undefined) reportUndeclared(role, at.at(index), roles);
  });
}

/**
 * Headers that conditions may read, in lower case: those whose value is the client's own word and reaches the upstream as
 * it was read. Null when the section cannot be read. `at`: of the file.
 */
export function checkConditionHeaders(parts: Parts<ConfigFile>, at: Location): ReadonlySet<string> | null {
  const headers = parts.conditions?.headers;
  if (headers === undefined) return null;
  const credentials = new Set(['authorization', 'cookie', ...credentialHeaders(parts).map(canonicalName)]);
  const identity = new Set((at.at('identityHeaders').keys ?? ['user-id', 'groups']).map(canonicalName));
  const names = new Set<string>();
  headers.forEach((name, index) => {
    if (name === undefined) return;
    const there = at.at('conditions', 'headers', index);
    if (name.includes('_')) {
      there.report('the name of such a header has no "_"', 'services read "_" and "-" alike: write "-"');
    } else if (credentials.has(name)) there.report('this header carries credentials');
    else if (identity.has(name)) {
      there.report('what a client sends in this header is thrown away', 'compare a field of "identity" instead');
    } else if (unreadable.has(name) || name.startsWith('x-forwarded-')) {
      const hint = 'the client is compared by "client: address", the host by "match.host"';
      there.report('this header has another meaning in HTTP', hint);
    } else if (names.has(name)) there.report('this header is listed twice');
    names.add(name);
  });
  return names;
}
