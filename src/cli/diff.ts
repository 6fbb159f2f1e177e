/** `rolegate diff`: what a change of the configuration means, newly allowed first. */
import pc from 'picocolors';
import type { Config } from '../config/config.ts';
import { comparePolicies } from '../workbench/diff/compare-policies.ts';
import { settingChanges } from '../workbench/diff/setting-changes.ts';
import { policyOf } from '../workbench/run-cases.ts';
import { diffMarkdown } from './diff/diff-markdown.ts';
import { type DiffReport, diffReport } from './diff/diff-report.ts';
import { diffText } from './diff/diff-text.ts';
import { ExitCode } from './exit-code.ts';
import { readConfig } from './read-config.ts';

export interface DiffOptions {
  readonly json?: boolean;
  readonly markdown?: boolean;
}

export function diff(before: string, after: string, options: DiffOptions): ExitCode {
  const report = compare(readConfig(before), readConfig(after));
  if (options.json === true) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else if (options.markdown === true) process.stdout.write(diffMarkdown(report));
  else process.stdout.write(diffText(report, pc.isColorSupported));
  return report.same ? ExitCode.fine : ExitCode.different;
}

function compare(before: Config, after: Config): DiffReport {
  return diffReport(comparePolicies(policyOf(before), policyOf(after)), settingChanges(before, after));
}
