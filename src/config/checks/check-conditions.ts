/** The conditions of a route: each compares one value by one operator, has a word of its own, and can be met at all. */

import { reasons } from '../../core/outcome/reasons.ts';
import type { CriterionSource } from '../../core/policy/conditions.ts';
import type { RoutePattern } from '../../core/url/path-pattern.ts';
import type { CriterionEntry } from '../schema/conditions.ts';
import type { Parts } from '../schema.ts';
import type { Path } from '../yaml/tree.ts';
import type { Check } from './check.ts';
import { checkCondition } from './check-comparison.ts';
import { type DeclaredRoles, reportUndeclared } from './check-roles.ts';

/** What conditions of a route may name. */
export interface ConditionScope {
  /** Null: there is none to compare names with. */
  readonly pattern: RoutePattern | null;
  /** Headers that conditions may read; null when the section cannot be read. */
  readonly headers: ReadonlySet<string> | null;
  readonly roles: DeclaredRoles;
  /** Some method of the route reads no credential, so there is no identity to compare. */
  readonly anonymous: boolean;
  /** Ranges of addresses may hold all of them (`conditions.allowEveryAddress`). */
  readonly allowsEveryAddress: boolean;
}

const mostCriteria = 32;

/** Words of all routes: each is a label of a metric. */
export const mostWords = 256;

/** `route`: where the route stands. */
export function checkConditions(
  entries: Parts<readonly CriterionEntry[]>,
  route: Path,
  scope: ConditionScope,
  check: Check,
): readonly CriterionSource[] {
  const path = [...route, 'when'];
  if (entries.length === 0) check.at(path, 'an empty list of conditions demands nothing', 'remove it');
  if (entries.length > mostCriteria) check.at(path, `a route has at most ${mostCriteria} conditions`);
  const sources: CriterionSource[] = [];
  entries.forEach((entry, index) => {
    if (entry === undefined) return;
    const at = [...path, index];
    checkWord(entry.reason, [...at, 'reason'], check);
    const unless = checkUnless(entry.unless, [...at, 'unless'], scope, check);
    const condition = checkCondition(entry, at, scope, check, 0);
    if (condition !== null && entry.reason !== undefined) sources.push({ word: entry.reason, unless, condition });
  });
  return sources;
}

function checkWord(word: string | undefined, path: Path, check: Check): void {
  if (word === undefined) return;
  if (!check.isOwn(path)) check.at(path, 'a reason is written out', 'it becomes a label of metrics: no variable');
  else if (Object.hasOwn(reasons, word)) {
    check.at(path, `"${word}" is a reason of the gateway itself`, 'choose a word of your own, such as wrong_tenant');
  }
}

function checkUnless(
  unless: Parts<readonly string[]> | undefined,
  path: Path,
  { roles, anonymous }: ConditionScope,
  check: Check,
): readonly string[] {
  if (unless === undefined) return [];
  if (unless.length === 0) check.at(path, 'an empty list of roles', 'name a role, or remove it');
  if (anonymous) {
    check.atKey(path, '"unless" has no meaning on a public route: nobody has a role there', 'remove it');
  }
  const names: string[] = [];
  unless.forEach((role, index) => {
    if (role === undefined) return;
    names.push(role);
    if (roles !== null && !roles.has(role)) reportUndeclared(role, [...path, index], roles, check);
  });
  return names;
}
