/** The results of `rolegate ci` as one Markdown report for a pull request, newly allowed requests first. */
import type { PlacedFinding } from '../../app/place-findings.ts';
import { findingKinds } from '../../policy-tools/analysis/finding.ts';
import { type BaseTests, brokenInWords, brokenTitle } from '../../policy-tools/base-tests.ts';
import type { ReplayReport } from '../../policy-tools/replay/replay-decisions.ts';
import type { TestReport } from '../../policy-tools/test-report.ts';
import { diffMarkdown } from '../diff/diff-markdown.ts';
import type { DiffReport } from '../diff/diff-report.ts';
import { replayMarkdown } from '../diff/replay-text.ts';
import { percent } from '../test/reporters.ts';
import { type DelegationChanges, delegationInWords } from './delegation-changes.ts';
import type { UnjudgedSettings } from './unjudged-settings.ts';

/** What a report contains that is for one team. */
export interface TeamPart {
  readonly team: string;
  /** What it omits, in words. */
  readonly elsewhere: readonly string[];
}

export interface CiResult {
  readonly file: string;
  /** What it was compared with, such as `origin/main (1a2b3c4)`. */
  readonly base: string;
  /** Null: the file is new, or its base cannot be read. */
  readonly difference: DiffReport | null;
  /** Why there is no comparison, or null. */
  readonly notCompared: string | null;
  readonly findings: readonly PlacedFinding[];
  readonly tests: TestReport;
  readonly replay: ReplayReport | null;
  readonly unjudged: UnjudgedSettings;
  /** Null: there is no base. */
  readonly baseTests: BaseTests | null;
  readonly delegation: DelegationChanges;
  /** Null: the report contains everything. */
  readonly part: TeamPart | null;
  /** Why the run fails, in words; empty: it does not. */
  readonly faults: readonly string[];
}

/** Further ones of each kind are counted. */
const maxListed = 25;

export function ciMarkdown(result: CiResult, all: boolean): string {
  const {
    file,
    base,
    difference,
    notCompared,
    findings,
    tests,
    replay,
    unjudged,
    baseTests,
    delegation,
    part,
    faults,
  } = result;
  const { newlyAllowed = [], newlyRefused = [] } = difference ?? {};
  const most = all ? Infinity : maxListed;
  const { coverage, mutation } = tests;
  const parts = [
    `## Access rules: ${faults.length === 0 ? 'passed' : 'failed'}`,
    '',
    `\`${file}\`, compared with ${base}`,
    '',
    ...(part === null ? [] : [partInWords(part), '']),
    ...faults.map((fault) => `- **${fault}**`),
    ...(faults.length === 0 ? [] : ['']),
    ...(baseTests === null ? [] : list(brokenTitle(baseTests), baseTests.broken.map(brokenInWords), most)),
    '| | |',
    '|---|---|',
    ...(notCompared === null
      ? [
          `| newly allowed | ${newlyAllowed.length} |`,
          `| newly refused | ${newlyRefused.length} |`,
          `| settings that may allow more | ${unjudged.open.length} |`,
        ]
      : [`| difference | ${notCompared} |`]),
    ...(baseTests === null ? [] : [`| tests of the base | ${baseTestsInWords(baseTests)} |`]),
    `| tests | ${tests.passed} passed, ${tests.failed} failed |`,
    `| coverage | ${percent(coverage.share)} of ${coverage.cells} rule effects |`,
    ...(mutation === null
      ? []
      : [
          `| mutation | ${percent(mutation.score)}: ${mutation.mutants - mutation.survivors.length} of ${mutation.mutants} changes are detected |`,
        ]),
    `| findings | ${findings.length} |`,
    '',
  ];
  parts.push(
    ...list('Delegation that grew', delegation.grew.map(delegationInWords), most),
    ...list('Delegation that shrank', delegation.shrank.map(delegationInWords), most),
    ...list('Settings that may allow more (accept one with `--accept NAME`)', unjudged.open.map(inCode), most),
    ...list('Accepted settings', unjudged.accepted.map(inCode), most),
  );
  if (difference !== null) parts.push(diffMarkdown(difference, all), '');
  const failed = tests.cases.filter(({ faults: messages }) => messages.length > 0);
  parts.push(
    ...list(
      'Failed tests',
      failed.map(
        ({ name, file: place, line, faults: messages }) => `${name} (${place}:${line}): ${messages.join('; ')}`,
      ),
      most,
    ),
    ...list(
      'Not covered',
      coverage.uncovered.map(({ route, method, effect }) => `${route} ${method}: no test ${effect}`),
      most,
    ),
    ...list(
      'Changes that no test detects',
      (mutation?.survivors ?? []).map(({ route, change }) => `${route === null ? '' : `${route}: `}${change}`),
      most,
    ),
    ...list(
      'Findings',
      findings.map(
        ({ code, problem }) =>
          `${findingKinds[code].severity} \`${code}\` ${problem.file}:${problem.line}: ${problem.message}`,
      ),
      most,
    ),
  );
  if (replay !== null) parts.push(replayMarkdown(replay));
  return `${parts.join('\n').trimEnd()}\n`;
}

export function partInWords({ team, elsewhere }: TeamPart): string {
  const rest = elsewhere.length === 0 ? 'There is nothing else.' : `Elsewhere: ${elsewhere.join(', ')}.`;
  return `The part of the team ${team}. The verdict is that of everything. ${rest}`;
}

export function baseTestsInWords({ run, broken }: BaseTests): string {
  return `${run - broken.length} still hold, ${broken.length} no longer`;
}

function list(title: string, items: readonly string[], most: number): string[] {
  if (items.length === 0) return [];
  const rest = items.length > most ? [`- and ${items.length - most} more (\`--all\`)`] : [];
  return [`### ${title}`, '', ...items.slice(0, most).map((item) => `- ${item.replaceAll('\n', ' ')}`), ...rest, ''];
}

function inCode(name: string): string {
  return `\`${name}\``;
}
