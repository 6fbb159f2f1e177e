/** The part of a report that concerns one team: what its files and routes contain. The verdict stays that of everything. */
import { dirname, relative } from 'node:path';
import type { Delegation } from '../../config/delegation.ts';
import { partOfDiff } from '../diff/diff-report.ts';
import type { CiResult } from './ci-markdown.ts';

/** `delegations`: of the base, if there is one, and of the change. Null: neither has such a team. */
export function partOfTeam(result: CiResult, team: string, delegations: readonly Delegation[]): CiResult | null {
  if (!delegations.some(({ teams }) => teams.has(team))) return null;
  const files = delegations.flatMap((one) => one.files.filter((file) => file.team === team));
  const routes = new Set(files.flatMap((file) => file.routes));
  const names = new Set(files.map(({ file }) => file));
  const folder = dirname(result.file);
  const isOwnFile = (file: string) => names.has(relative(folder, file));
  const isOwn = (...ids: readonly (string | null)[]) => ids.some((id) => id !== null && routes.has(id));
  const { difference, findings, tests, unjudged, baseTests, delegation } = result;
  const own = <Change extends { readonly team: string | null }>(changes: readonly Change[]) =>
    changes.filter((change) => change.team === team);
  // Settings of routes are listed under their names.
  const isOwnSetting = (name: string) =>
    [...routes].some((id) => name.startsWith(`routes.${id}.`)) || name.startsWith(`teams.${team}.`);
  const part: Omit<CiResult, 'part'> = {
    ...result,
    difference:
      difference === null
        ? null
        : partOfDiff(difference, ({ routeBefore, routeAfter }) => isOwn(routeBefore, routeAfter)),
    findings: findings.filter(({ problem }) => isOwnFile(problem.file)),
    tests: {
      ...tests,
      cases: tests.cases.filter(({ file, route }) => isOwnFile(file) || isOwn(route)),
      coverage: { ...tests.coverage, uncovered: tests.coverage.uncovered.filter(({ route }) => isOwn(route)) },
      mutation:
        tests.mutation === null
          ? null
          : { ...tests.mutation, survivors: tests.mutation.survivors.filter(({ route }) => isOwn(route)) },
    },
    unjudged: { open: unjudged.open.filter(isOwnSetting), accepted: unjudged.accepted.filter(isOwnSetting) },
    baseTests:
      baseTests === null
        ? null
        : { ...baseTests, broken: baseTests.broken.filter((one) => isOwn(one.routeBefore, one.routeAfter)) },
    delegation: { grew: own(delegation.grew), shrank: own(delegation.shrank) },
  };
  return { ...part, part: { team, elsewhere: elsewhere(result, part) } };
}

/** What the part omits, in words; empty: nothing. */
function elsewhere(all: Omit<CiResult, 'part'>, part: Omit<CiResult, 'part'>): readonly string[] {
  const counts: readonly (readonly [words: string, count: (of: Omit<CiResult, 'part'>) => number])[] = [
    ['newly allowed', ({ difference }) => difference?.newlyAllowed.length ?? 0],
    ['newly refused', ({ difference }) => difference?.newlyRefused.length ?? 0],
    ['settings that may allow more', ({ unjudged }) => unjudged.open.length],
    ['expectations of the base', ({ baseTests }) => baseTests?.broken.length ?? 0],
    ['failed tests', ({ tests }) => tests.cases.filter(({ faults }) => faults.length > 0).length],
    ['findings', ({ findings }) => findings.length],
  ];
  return counts.flatMap(([words, count]) => {
    const rest = count(all) - count(part);
    return rest === 0 ? [] : [`${words}: ${rest}`];
  });
}
