/** The locations of one nginx host as rules: compares the location that nginx selects with the route that the gateway selects. */
import type { ConditionEntry } from './condition-entry.ts';
import { rivalry } from './deny-uncertain.ts';
import { deny, type ImportedRule, sameDemands, sameEffect } from './imported-rule.ts';
import type { Matcher, NginxPath } from './nginx-path.ts';
import { keyOf, literalPath, patternOf, takesRest } from './path-patterns.ts';

export interface Location {
  readonly rule: ImportedRule;
  readonly path: NginxPath;
}

/** `expressions`: the locations are expressions, and the first match wins. */
export function rulesOfServer(
  host: string | null,
  locations: readonly Location[],
  expressions: boolean,
): readonly ImportedRule[] {
  const ordered = expressions ? [...locations].sort(longestFirst) : locations;
  const judged = ordered.map((own, index) => ({ ...own, rule: judge(own, index, ordered, expressions) }));
  const { rules, added } = withBeginningsClosed(host, judged, expressions);
  return [...locations.map((own) => rules[ordered.indexOf(own)]!), ...added];
}

function longestFirst({ path: { written: a } }: Location, { path: { written: b } }: Location): number {
  return b.length - a.length || (a < b ? 1 : a > b ? -1 : 0);
}

function judge(own: Location, index: number, all: readonly Location[], expressions: boolean): ImportedRule {
  const { rule, path } = own;
  if (rule.access === 'deny' || rule.pattern === null) return rule;
  const key = keyOf(rule.pattern);
  for (const [at, other] of all.entries()) {
    if (other === own || other.rule.pattern === null) continue;
    if (keyOf(other.rule.pattern) === key) {
      if (!sameEffect(rule, other.rule)) return deny(rule, rivalry(other.rule));
      continue;
    }
    if (sameDemands(rule, other.rule)) continue;
    const isSafe = (mine: Matcher, theirs: Matcher) =>
      !meet(mine, theirs) ||
      !isWithin(own, mine, theirs) ||
      (expressions ? index < at && takes(own, mine) : winsBy(own, mine, theirs));
    const lost = path.taken.find((mine) => other.path.matchers.some((theirs) => !isSafe(mine, theirs)));
    if (lost !== undefined)
      return deny(rule, rivalry(other.rule, lost.kind === 'exact' ? ` such as ${lost.text}` : ''));
  }
  return rule;
}

function meet(a: Matcher, b: Matcher): boolean {
  if (a.kind === 'exact' && b.kind === 'exact') return a.text === b.text;
  return (a.kind === 'prefix' && b.text.startsWith(a.text)) || (b.kind === 'prefix' && a.text.startsWith(b.text));
}

/** Whether the route of `own` takes what both match. Otherwise the other location has a more specific route for it. */
function isWithin({ rule }: Location, mine: Matcher, theirs: Matcher): boolean {
  if (theirs.kind === 'exact') return mine.kind === 'exact' && !takesRest(rule.pattern!);
  return mine.text.length >= theirs.text.length;
}

/** Whether the location itself matches all of it. */
function takes({ path: { matchers } }: Location, mine: Matcher): boolean {
  return matchers.some(({ kind, text }) =>
    kind === 'exact' ? mine.kind === 'exact' && mine.text === text : mine.text.startsWith(text),
  );
}

/** Whether nginx prefers this location: the exact text, or else the longest prefix. */
function winsBy({ path: { matchers } }: Location, mine: Matcher, theirs: Matcher): boolean {
  return matchers.some(({ kind, text }) =>
    kind === 'exact'
      ? mine.kind === 'exact' && mine.text === text
      : theirs.kind === 'prefix' && mine.text.startsWith(text) && text.length >= theirs.text.length,
  );
}

/**
 * "/api" in nginx also matches "/apix". If a location surrounds it (such as "/**"), a separate route matches the segments beside
 * it, with a condition that refuses those with the same prefix.
 */
function withBeginningsClosed(
  host: string | null,
  locations: readonly Location[],
  expressions: boolean,
): { readonly rules: readonly ImportedRule[]; readonly added: readonly ImportedRule[] } {
  const beginnings = locations.flatMap(({ path, rule }) =>
    path.beginning === null ? [] : [{ ...path.beginning, rule }],
  );
  const refused = new Map<ImportedRule, string>();
  const added = [...Map.groupBy(beginnings, ({ parent }) => parent)].flatMap(([parent, below]): ImportedRule[] => {
    const taker = takerBelow(parent, locations, expressions);
    // A prefix that the paths do not have cannot be stripped.
    const strips = taker === null || `${parent}/`.startsWith(`${taker.stripPrefix}/`);
    const around = taker === null || strips ? taker : { ...deny(taker, ''), stripPrefix: '', addPrefix: '' };
    const literals = parent.split('/').map((part) => (part === '' ? '' : literalPath(part)));
    const pattern = patternOf(host, `${literals.join('/')}/{beside}/**`);
    if (around === null || pattern === null) return [];
    const others = below.filter(({ rule }) => rule.access === 'deny' || !sameDemands(rule, around));
    if (others.length === 0) return [];
    const begins = [...new Set(others.map(({ text }) => text))].map(
      (text): ConditionEntry => ({ param: 'beside', startsWith: text }),
    );
    const not: ConditionEntry = begins.length === 1 ? begins[0]! : { any: begins };
    for (const { text, rule } of others) refused.set(rule, `paths such as ${parent}/${text}x are refused`);
    const names = [...new Set(others.map(({ rule }) => rule.name))].join(', ');
    return [
      {
        ...around,
        name: `${around.name}-beside`,
        pattern,
        when: around.access === 'deny' ? [] : [...around.when, { not, reason: 'not_this_path' }],
        remarks: [`paths of ${around.name} next to those of ${names}`],
        denied: null,
        stricter: [],
        added: true,
      },
    ];
  });
  const rules = locations.map(({ rule }) => {
    const why = refused.get(rule);
    return why === undefined || rule.access === 'deny' ? rule : { ...rule, stricter: [...rule.stricter, why] };
  });
  return { rules, added };
}

/** The rule whose location takes the paths below `parent` that no other location takes; null: no route would match them. */
function takerBelow(parent: string, locations: readonly Location[], expressions: boolean): ImportedRule | null {
  const inside = `${parent}/`;
  const covers = ({ kind, text }: Matcher) => kind === 'prefix' && inside.startsWith(text);
  if (!locations.some(({ path, rule }) => rule.pattern !== null && path.taken.some(covers))) return null;
  const covering = locations.flatMap(({ path, rule }) => {
    const lengths = path.matchers.filter(covers).map(({ text }) => text.length);
    return lengths.length === 0 ? [] : [{ rule, length: Math.max(...lengths) }];
  });
  const [first] = expressions ? covering : covering.toSorted((a, b) => b.length - a.length);
  if (first === undefined) return null;
  const alike = covering.filter(({ rule, length }) => length === first.length && !sameDemands(rule, first.rule));
  return alike.length === 0 ? first.rule : deny(first.rule, 'several locations are alike');
}

/** A host with locations of its own inherits none from the server for every other host. */
export function closedHosts(rules: readonly ImportedRule[], further: readonly ImportedRule[]): readonly ImportedRule[] {
  const hosts = new Map<string, ImportedRule>();
  for (const rule of [...rules, ...further]) {
    const host = rule.pattern?.host ?? null;
    if (host !== null && !hosts.has(host)) hosts.set(host, rule);
  }
  if (rules.every(({ pattern }) => pattern === null || (pattern.host !== null && !pattern.host.startsWith('*.'))))
    return [];
  const keys = new Set(rules.flatMap(({ pattern }) => (pattern === null ? [] : [keyOf(pattern)])));
  return [...hosts].flatMap(([host, rule]): ImportedRule[] => {
    const pattern = patternOf(host, '/**');
    if (pattern === null || keys.has(keyOf(pattern))) return [];
    const remarks = [`${host} does not inherit the paths of other hosts`];
    return [
      {
        ...rule,
        name: `${host}-rest`,
        pattern,
        methods: null,
        access: 'deny',
        when: [],
        stripPrefix: '',
        addPrefix: '',
        remarks,
        denied: null,
        stricter: [],
        added: true,
      },
    ];
  });
}
