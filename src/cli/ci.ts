/** `rolegate ci`: validate, test, diff and replay in one run, as one report for a pull request. */

import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { placedFindings } from '../app/place-findings.ts';
import type { Delegation } from '../config/delegation.ts';
import { loadConfig } from '../config/load-config.ts';
import type { ValidConfig } from '../config/parse-config.ts';
import { findingKinds } from '../policy-tools/analysis/finding.ts';
import { runBaseTests } from '../policy-tools/base-tests.ts';
import { runTests, type TestReport } from '../policy-tools/test-report.ts';
import { type BaseRevision, exportRevision } from './ci/base-revision.ts';
import { type CiResult, ciMarkdown } from './ci/ci-markdown.ts';
import { ciText } from './ci/ci-text.ts';
import { delegationChanges } from './ci/delegation-changes.ts';
import { partOfTeam } from './ci/part-of-team.ts';
import { unjudgedSettings } from './ci/unjudged-settings.ts';
import { replayFile } from './diff/replay-file.ts';
import { compareConfigs } from './diff.ts';
import { CommandError, ExitCode } from './exit-code.ts';
import { failRead } from './read-config.ts';
import { findingsSarif, problemsSarif } from './sarif.ts';
import { junit } from './test/reporters.ts';
import { checkIgnored, withoutIgnored } from './validate.ts';

export interface CiOptions {
  readonly config: string;
  /** Git revision to compare with. */
  readonly base: string;
  /** Percent; less fails the run. */
  readonly coverage: number;
  readonly mutation: number;
  /** Which differences give exit code 3. */
  readonly failOn: 'nothing' | 'newly-allowed' | 'any-change';
  /** Changed settings that are wanted, by name. */
  readonly accept: readonly string[];
  readonly ignore: readonly string[];
  /** File of recorded decisions. */
  readonly replay?: string;
  /** File for the SARIF log. */
  readonly sarif?: string;
  /** File for the tests as JUnit. */
  readonly junit?: string;
  /** Instead of Markdown. */
  readonly json?: boolean;
  readonly text?: boolean;
  /** File for the report; unset: standard output. */
  readonly out?: string;
  readonly all?: boolean;
  /** Only its part is reported. */
  readonly team?: string;
}

export async function ci(options: CiOptions): Promise<ExitCode> {
  checkIgnored(options.ignore);
  const after = loadConfig(options.config, process.env, 'found');
  if (!after.ok) {
    if (options.sarif !== undefined) write(options.sarif, problemsSarif(after.problems));
    failRead(options.config, after.problems);
  }
  const findings = withoutIgnored(placedFindings(after.config, after.places), options.ignore);
  const base = exportRevision(options.base, options.config);
  try {
    const before = baseOf(base);
    const { report: tests } = runTests(after.config, true);
    const baseTests = typeof before === 'string' ? null : runBaseTests(before.config, after.config, base.placeOf);
    const broken = baseTests?.broken ?? [];
    if (options.sarif !== undefined) write(options.sarif, findingsSarif(findings, true, broken));
    if (options.junit !== undefined) write(options.junit, junit(tests, broken));
    const difference = typeof before === 'string' ? null : compareConfigs(before, after);
    const replay =
      options.replay === undefined || typeof before === 'string'
        ? null
        : await replayFile(options.replay, before.config, after.config);
    const warned = findings.filter(({ code }) => findingKinds[code].severity === 'warning').length;
    const result: CiResult = {
      file: relative('', options.config) || options.config,
      base: `${options.base} (${base.commit.slice(0, 7)})`,
      difference,
      notCompared: typeof before === 'string' ? before : null,
      findings,
      tests,
      replay,
      unjudged: unjudgedSettings(difference?.settings ?? [], options.accept),
      baseTests,
      delegation: delegationChanges(
        typeof before === 'string' ? nothingDelegated : before.delegation,
        after.delegation,
      ),
      part: null,
      faults: [
        ...testFaults(tests, options),
        ...(warned > 0 ? [`${warned} of the findings ${warned === 1 ? 'is a warning' : 'are warnings'}`] : []),
      ],
    };
    const delegations = [...(typeof before === 'string' ? [] : [before.delegation]), after.delegation];
    const view = options.team === undefined ? result : partOfTeam(result, options.team, delegations);
    if (view === null) throw new CommandError(`rolegate: there is no team "${options.team}"`);
    const report = printed(view, options);
    if (options.out === undefined) process.stdout.write(report);
    else write(options.out, report);
    if (result.faults.length > 0) return ExitCode.failed;
    return differs(result, options.failOn) ? ExitCode.different : ExitCode.fine;
  } finally {
    base.remove();
  }
}

const nothingDelegated: Delegation = { teams: new Map(), files: [] };

function printed(result: CiResult, { json, text, all = false }: CiOptions): string {
  if (json === true) return `${JSON.stringify(result, null, 2)}\n`;
  return text === true ? ciText(result, all) : ciMarkdown(result, all);
}

/** The configuration of the revision, or why it cannot be compared. */
function baseOf({ file }: BaseRevision): ValidConfig | string {
  if (file === null) return 'the file is new: every request that it allows is newly allowed';
  const tested = loadConfig(file, process.env, 'found');
  if (tested.ok) return tested;
  // Its rules can be compared even if its tests are invalid.
  const before = loadConfig(file, process.env);
  if (before.ok) return before;
  const [first] = before.problems;
  return `the base cannot be read: ${first?.message ?? 'it is not valid'}`;
}

function testFaults(tests: TestReport, { coverage, mutation }: CiOptions): string[] {
  const faults: string[] = [];
  if (tests.failed > 0) faults.push(tests.failed === 1 ? '1 test failed' : `${tests.failed} tests failed`);
  if (tests.coverage.share * 100 < coverage) faults.push(`coverage is below ${coverage} %`);
  if ((tests.mutation?.score ?? 1) * 100 < mutation) faults.push(`the mutation score is below ${mutation} %`);
  return faults;
}

/** Without a comparison, anything may be newly allowed. */
function differs({ difference, replay, unjudged, baseTests }: CiResult, failOn: CiOptions['failOn']): boolean {
  if (failOn === 'nothing') return false;
  if (difference === null) return true;
  const { newly_allowed = 0, newly_refused = 0 } = replay?.counts ?? {};
  const widened = difference.newlyAllowed.length > 0 || newly_allowed > 0;
  return failOn === 'newly-allowed'
    ? widened || unjudged.open.length > 0
    : widened || !difference.same || newly_refused > 0 || (baseTests?.broken.length ?? 0) > 0;
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch {
    throw new CommandError(`rolegate: ${file} cannot be written`);
  }
}
