/**
 * Turns imported rules into routes such that no request gets through which the source would have stopped. Routes match
 * whole segments, and the most specific one wins; where the source sees it another way, rules that could meet in one
 * request are joined, and what both allow is allowed.
 */

import type { ConditionEntry } from './condition-entry.ts';
import {
  atLeastAsStrict,
  both,
  type ImportedAccess,
  type ImportedRule,
  type Leftover,
  sameAccess,
  unique,
} from './imported-rule.ts';
import { partBeginnings } from './part-beginnings.ts';
import { contains, intersection, keyOf, mayMeet, type PathPattern } from './path-shape.ts';
import { SourceError } from './source-text.ts';

export interface Semantics {
  /** `join`: the source has no order among rules that match. `specific`: the more specific one counts, as here. */
  readonly overlaps: 'join' | 'specific';
  /** Whether `winner` counts in the source wherever both match; only asked with `specific`. */
  readonly wins: (winner: ImportedRule, loser: ImportedRule) => boolean;
}

export interface SettledRoute {
  readonly rule: ImportedRule;
  readonly pattern: PathPattern;
  /** Access by method; `*`: every other one. */
  readonly access: ReadonlyMap<string, ImportedAccess>;
  readonly when: readonly ConditionEntry[];
  readonly remarks: readonly string[];
}

/** Rules of one import; pairs of them are looked at. */
const mostRules = 5_000;
const mostPatterns = 20_000;

export function settle(
  given: readonly ImportedRule[],
  semantics: Semantics,
): { readonly routes: readonly SettledRoute[]; readonly leftovers: readonly Leftover[] } {
  if (given.length > mostRules) throw new SourceError(`more than ${mostRules} rules; import them in parts`);
  const joins = semantics.overlaps === 'join';
  const {
    rules,
    beside,
    leftovers: parted,
  } = joins
    ? { rules: given, beside: new Map<ImportedRule, PathPattern>(), leftovers: [] }
    : partBeginnings(given, semantics);
  const leftovers: Leftover[] = [...parted];
  const partial = rules.filter(isPartial);
  const placed = rules.flatMap((rule): Sharing[] => {
    const { pattern } = rule;
    if (pattern === null) return [];
    const guards = guardsOf({ ...rule, pattern }, partial, beside, semantics);
    leftovers.push(...guards.map((guard) => closedFor(rule, guard)));
    return [{ rule: { ...rule, pattern }, key: keyOf(pattern), guards }];
  });
  const order = new Map(placed.map((one, index) => [one, index]));
  const byKey = Map.groupBy(placed, ({ key }) => key);
  const routes = patternsOf(
    placed.map(({ rule }) => rule),
    semantics,
  ).flatMap((pattern) => {
    const own = byKey.get(keyOf(pattern)) ?? [];
    if (!joins) {
      leftovers.push(...meetings(own.slice(1), own.slice(0, 1), order));
      return routesOf(pattern, own);
    }
    const sharing = placed.filter(({ rule }) => contains(rule.pattern, pattern));
    leftovers.push(...meetings(own, sharing, order));
    const others = sharing.filter((one) => !own.includes(one));
    // The closest of them says where requests go.
    others.sort((a, b) => b.rule.pattern.segments.length - a.rule.pattern.segments.length);
    return routesOf(pattern, [...own, ...others]);
  });
  return { routes, leftovers };
}

type Placed = ImportedRule & { readonly pattern: PathPattern };
interface Sharing {
  readonly rule: Placed;
  readonly key: string;
  readonly guards: readonly ImportedRule[];
}

/** Rules some of whose requests would come to `rule`, since their own patterns leave them out. */
function guardsOf(
  rule: Placed,
  partial: readonly ImportedRule[],
  beside: ReadonlyMap<ImportedRule, PathPattern>,
  semantics: Semantics,
): readonly ImportedRule[] {
  return partial.filter((other) => {
    if (!methodsMeet(rule, other) || !mayMeet(other.shape, rule.pattern, other.anyCase)) return false;
    if (other.pattern !== null && contains(other.pattern, rule.pattern)) return false;
    const parted = beside.get(other);
    if (parted !== undefined && contains(rule.pattern, parted)) return false;
    if (semantics.overlaps === 'specific' && semantics.wins(rule, other)) return false;
    return !atLeastAsStrict(rule, other);
  });
}

/** Whether the pattern is less than the rule. */
function isPartial(rule: ImportedRule): boolean {
  return rule.pattern === null || keyOf(rule.pattern) !== shapeKey(rule);
}

/** Equal to the key of the pattern when the pattern is the whole of the rule. */
function shapeKey({ shape }: ImportedRule): string {
  const parts = shape.segments.map((segment) => (segment.kind === 'literal' ? `=${segment.text}` : segment.kind));
  return JSON.stringify([shape.host, ...parts, ...(shape.rest ? ['rest'] : [])]);
}

function patternsOf(rules: readonly Placed[], { overlaps }: Semantics): readonly PathPattern[] {
  const found = new Map(rules.map(({ pattern }) => [keyOf(pattern), pattern]));
  if (overlaps === 'specific') return [...found.values()];
  const pending = [...found.values()];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const other of [...found.values()]) {
      const shared = intersection(next, other);
      if (shared === null || found.has(keyOf(shared))) continue;
      found.set(keyOf(shared), shared);
      pending.push(shared);
      if (found.size > mostPatterns)
        throw new SourceError('these rules overlap in too many ways; import them in parts');
    }
  }
  return [...found.values()];
}

/** The routes of one pattern. `sharing`: the rules that count for it, the owner of the pattern first. */
function routesOf(pattern: PathPattern, sharing: readonly Sharing[]): readonly SettledRoute[] {
  // A guard may be about HEAD alone, or about one method of a rule for every one.
  const named = unique(
    sharing.flatMap(({ rule, guards }) => [
      ...(rule.methods ?? []),
      ...guards.flatMap(({ methods }) => (methods ?? []).filter((method) => claims(rule, method))),
    ]),
  );
  const every = sharing.some(({ rule }) => rule.methods === null);
  const verdicts = [...named, ...(every ? ['*'] : [])].map((method) => {
    const concerned = sharing.filter(({ rule }) => claims(rule, method));
    const guarding = concerned.flatMap(({ guards }) => guards.filter((guard) => claims(guard, method)));
    const all = [...concerned.map(({ rule }) => rule), ...guarding];
    const access = all.map((rule) => rule.access).reduce(both, 'public');
    return {
      method,
      access,
      rule: concerned[0]!.rule,
      when: access === 'deny' ? [] : uniqueConditions(all.flatMap(({ when }) => when)),
      remarks: unique(all.flatMap((rule) => rule.remarks)),
    };
  });
  const groups = new Map<string, typeof verdicts>();
  for (const verdict of verdicts) {
    const { upstream, stripPrefix, addPrefix, anyCase, websocket } = verdict.rule;
    const key = JSON.stringify([upstream, stripPrefix, addPrefix, anyCase, websocket, verdict.when]);
    groups.set(key, [...(groups.get(key) ?? []), verdict]);
  }
  return [...groups.values()].map((group) => ({
    rule: group[0]!.rule,
    pattern,
    access: new Map(group.map(({ method, access }) => [method, access])),
    when: group[0]!.when,
    remarks: unique(group.flatMap(({ remarks }) => remarks)),
  }));
}

function claims({ methods }: ImportedRule, method: string): boolean {
  // HEAD comes along with GET.
  return methods === null || methods.includes(method) || (method === 'HEAD' && methods.includes('GET'));
}

function methodsMeet(a: ImportedRule, b: ImportedRule): boolean {
  if (a.methods === null || b.methods === null) return true;
  return a.methods.some((method) => claims(b, method)) || b.methods.some((method) => claims(a, method));
}

function uniqueConditions(entries: readonly ConditionEntry[]): ConditionEntry[] {
  return [...new Map(entries.map((entry) => [JSON.stringify(entry), entry])).values()];
}

function closedFor(rule: ImportedRule, guard: ImportedRule): Leftover {
  return {
    ...rule.place,
    what: rule.name,
    why: `some requests of ${guard.name} (line ${guard.place.line}), which no route can tell apart, would come to it, so what ${guard.name} asks for is asked for here too`,
  };
}

/** What is told of rules that match the same requests. `order`: of all, as they stand in the files. */
function meetings(
  own: readonly Sharing[],
  sharing: readonly Sharing[],
  order: ReadonlyMap<Sharing, number>,
): readonly Leftover[] {
  return own.flatMap((self) => {
    const { rule, key } = self;
    const differing = sharing.filter(
      (one) =>
        one.rule !== rule &&
        methodsMeet(one.rule, rule) &&
        (one.key !== key || order.get(one)! < order.get(self)!) &&
        !sameAccess(one.rule.access, rule.access),
    );
    if (differing.length === 0) return [];
    const names = differing.slice(0, 3).map((one) => `${one.rule.name} (line ${one.rule.place.line})`);
    const why = `it matches requests of ${names.join(', ')}${differing.length > 3 ? ' and others' : ''} too; only what all of them allow is allowed`;
    return [{ ...rule.place, what: rule.name, why }];
  });
}
