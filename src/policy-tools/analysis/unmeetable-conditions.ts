/** Conditions that no request meets, each alone or all together: found by trying every way in which they can come out. */
import type { Criterion } from '../../core/policy/conditions.ts';
import { truthOf } from '../../core/policy/evaluate-conditions.ts';
import type { Route } from '../../core/routing/route.ts';
import { requestsFor } from './condition-requests.ts';
import { type Finding, findingOf } from './finding.ts';
import { exampleOf, type Probes } from './probes.ts';

/** Ways that are tried for one route, and for all together: what would take more is not judged. */
const mostWays = 20_000;
const mostWaysOfAll = 2_000_000;

export function unmeetableConditions(probes: Probes): readonly Finding[] {
  let left = mostWaysOfAll;
  const verdicts = new Map<string, boolean>();
  /** Routes with the same conditions, however they are matched, get the same answer. */
  const meetable = (criteria: readonly Criterion[], route: Route): boolean => {
    const key = keyOf(criteria, route);
    const known = verdicts.get(key);
    if (known !== undefined) return known;
    const verdict = tryOut(criteria, route);
    verdicts.set(key, verdict);
    return verdict;
  };
  const tryOut = (criteria: readonly Criterion[], route: Route): boolean => {
    const rules = [route.access.every, ...route.access.byMethod.values()].filter((rule) => rule !== null);
    const anonymous = rules.some(({ kind }) => kind === 'public' || kind === 'optional');
    const known = rules.some(({ kind }) => kind !== 'public' && kind !== 'deny');
    const { host } = probes.first(route);
    const tried = requestsFor(criteria, route, host, { anonymous, known }, Math.min(mostWays, left));
    if (tried === null || (!anonymous && !known)) return true;
    for (const facts of tried) {
      left -= 1;
      if (criteria.every(({ steps }) => truthOf(steps, 0, facts) === 'met')) return true;
    }
    return false;
  };
  return probes.table.routes.flatMap((route) => {
    const { conditions } = route;
    if (conditions === null) return [];
    const example = exampleOf(probes.first(route));
    const alone = conditions.flatMap((criterion, index) => {
      if (meetable([criterion], route)) return [];
      const place = { kind: 'route', index: route.index, key: ['when', index] } as const;
      const message = `no request can meet the condition "${criterion.word}"${exempt([criterion])}`;
      return [findingOf('condition_unmeetable', route.id, place, message, { example })];
    });
    if (alone.length > 0 || conditions.length < 2 || meetable(conditions, route)) return alone;
    const place = { kind: 'route', index: route.index, key: ['when'] } as const;
    const message = `no request can meet all conditions of this route at once${exempt(conditions)}`;
    return [findingOf('condition_unmeetable', route.id, place, message, { example })];
  });
}

function keyOf(criteria: readonly Criterion[], { access, reading }: Route): string {
  const kinds = [access.every, ...access.byMethod.values()].map((rule) => rule?.kind);
  const parts = [kinds, (reading?.literals ?? null) !== null, criteria.map(({ steps }) => steps)];
  return JSON.stringify(parts, (_key, value: unknown) => (value instanceof Set ? [...value] : value));
}

function exempt(criteria: readonly Criterion[]): string {
  const roles = new Set(criteria.flatMap(({ unlessSource }) => unlessSource));
  return roles.size === 0 ? '' : `, but by exemption (${[...roles].join(', ')})`;
}
