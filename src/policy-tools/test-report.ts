/** The results of a test run as plain data for every reporter. */
import type { Config } from '../config/config.ts';
import { type Coverage, coverageOf, effectInWords } from './coverage.ts';
import type { Mutant } from './mutants.ts';
import { mutationScore } from './mutation-score.ts';
import { type CaseResult, forwardingOf, policyOf, prepareCases, runCase, wordOf } from './run-cases.ts';

export interface TestReport {
  readonly passed: number;
  readonly failed: number;
  readonly cases: readonly CaseReport[];
  readonly coverage: { readonly share: number; readonly cells: number; readonly uncovered: readonly UncoveredCell[] };
  /** Null: not requested. */
  readonly mutation: {
    readonly score: number;
    readonly mutants: number;
    readonly survivors: readonly SurvivorReport[];
  } | null;
}

export interface CaseReport {
  /** Unique within a report. */
  readonly name: string;
  readonly file: string;
  readonly line: number;
  /** Name of the caller's identity; null: the request had no credential. */
  readonly as: string | null;
  /** Id of the matched route; null: none. */
  readonly route: string | null;
  readonly outcome: 'allow' | 'refuse';
  /** Why the request was refused: a reason, or the author's word of a condition; null: it was not refused. */
  readonly reason: string | null;
  /** Empty: the case passed. */
  readonly faults: readonly string[];
}

export interface UncoveredCell {
  readonly route: string;
  readonly method: string;
  /** Such as `is refused with role_missing`. */
  readonly effect: string;
}

export interface SurvivorReport {
  /** Null: it is a change of the roles or a policy. */
  readonly route: string | null;
  /** The change that no test notices. */
  readonly change: string;
}

export interface TestRun {
  readonly report: TestReport;
  readonly coverage: Coverage;
  readonly results: readonly CaseResult[];
}

export function runTests(config: Config, withMutation: boolean): TestRun {
  const policy = policyOf(config);
  const rules = forwardingOf(config);
  const results = prepareCases(config).map((prepared) => runCase(prepared, policy, rules));
  const coverage = coverageOf(config, results);
  const good = results.filter(({ faults }) => faults.length === 0);
  const mutation = withMutation
    ? mutationScore(
        config,
        good.map(({ prepared }) => prepared),
      )
    : null;
  const report: TestReport = {
    passed: good.length,
    failed: results.length - good.length,
    cases: caseReports(results),
    coverage: {
      share: coverage.share,
      cells: coverage.cells.length,
      uncovered: coverage.cells
        .filter(({ covered }) => !covered)
        .map(({ route, method, effect }) => ({ route: route.id, method, effect: effectInWords(effect) })),
    },
    mutation:
      mutation === null
        ? null
        : { score: mutation.score, mutants: mutation.mutants, survivors: mutation.survivors.map(survivorReport) },
  };
  return { report, coverage, results };
}

function caseReports(results: readonly CaseResult[]): readonly CaseReport[] {
  const taken = new Set<string>();
  return results.map(({ prepared: { test }, decision, faults }) => {
    let name = test.name;
    for (let count = 2; taken.has(name); count += 1) name = `${test.name} (${count})`;
    taken.add(name);
    const { file, line, as } = test;
    const outcome = decision.outcome === 'refuse' ? 'refuse' : 'allow';
    return { name, file, line, as, route: decision.route?.id ?? null, outcome, reason: wordOf(decision), faults };
  });
}

function survivorReport(mutant: Mutant): SurvivorReport {
  return { route: mutant.kind === 'route' ? mutant.entry[0].id : null, change: mutant.words };
}
