/** Imported rules as routes: rules with the same pattern become one route, or several that differ in method. */
import { handlingOf, type ImportedAccess, type ImportedRule } from './imported-rule.ts';
import { keyOf, type PathPattern } from './path-patterns.ts';

export interface SettledRoute {
  readonly rule: ImportedRule;
  readonly pattern: PathPattern;
  /** Access by method; null: for every method. */
  readonly methods: ReadonlyMap<string, ImportedAccess> | null;
  readonly access: ImportedAccess;
  /** All rules that the route represents. */
  readonly rules: readonly ImportedRule[];
}

/** Rules that match the same requests are equal or denied; their readers ensure it. */
export function settle(rules: readonly ImportedRule[]): readonly SettledRoute[] {
  const byKey = new Map<string, ImportedRule[]>();
  for (const rule of rules) {
    if (rule.pattern === null || rule.methods?.length === 0) continue;
    const key = keyOf(rule.pattern);
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, [rule]);
    else known.push(rule);
  }
  return [...byKey.values()].flatMap(routesOf);
}

/** `own`: at least one rule. */
function routesOf(own: readonly ImportedRule[]): readonly SettledRoute[] {
  const open = own.find(({ access }) => access !== 'deny') ?? own[0]!;
  if (own.some(({ methods }) => methods === null)) {
    const closed = own.find(({ access }) => access === 'deny');
    return [{ rule: open, pattern: open.pattern!, methods: null, access: (closed ?? open).access, rules: own }];
  }
  // Denied rules join a group of other rules, because their handling does not matter.
  const groups = Map.groupBy(own, (rule) => handlingOf(rule.access === 'deny' ? open : rule));
  return [...groups.values()].map((rules) => {
    const rule = rules.find(({ access }) => access !== 'deny') ?? rules[0]!;
    const methods = new Map<string, ImportedAccess>();
    for (const { access, methods: listed } of rules) {
      for (const method of listed ?? []) if (methods.get(method) !== 'deny') methods.set(method, access);
    }
    // One pattern for all of them, so the routes differ only in method.
    return { rule, pattern: own[0]!.pattern!, methods, access: rule.access, rules };
  });
}
