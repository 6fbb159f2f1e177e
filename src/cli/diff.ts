/** `rolegate diff`: the effect of a configuration change, newly allowed requests first. */
import pc from 'picocolors';
import { comparePolicies } from '../policy-tools/diff/compare-policies.ts';
import { comparedPairs } from '../policy-tools/diff/compared-pairs.ts';
import { type ReadConfig, settingChanges } from '../policy-tools/diff/setting-changes.ts';
import type { ReplayReport } from '../policy-tools/replay/replay-decisions.ts';
import { policyOf } from '../policy-tools/run-cases.ts';
import { diffMarkdown } from './diff/diff-markdown.ts';
import { type DiffReport, diffReport } from './diff/diff-report.ts';
import { diffText } from './diff/diff-text.ts';
import { replayFile } from './diff/replay-file.ts';
import { replayMarkdown, replayText } from './diff/replay-text.ts';
import { ExitCode } from './exit-code.ts';
import { readPlaced } from './read-config.ts';

export interface DiffOptions {
  readonly json?: boolean;
  readonly markdown?: boolean;
  /** Every difference, not only the first ones. */
  readonly all?: boolean;
  /** File of recorded decisions. */
  readonly replay?: string;
}

export async function diff(before: string, after: string, options: DiffOptions): Promise<ExitCode> {
  const [old, next] = [readPlaced(before), readPlaced(after)];
  const report = compareConfigs(old, next);
  const replay = options.replay === undefined ? null : await replayFile(options.replay, old.config, next.config);
  process.stdout.write(printed(report, replay, options));
  const { newly_allowed = 0, newly_refused = 0 } = replay?.counts ?? {};
  return report.same && newly_allowed + newly_refused === 0 ? ExitCode.fine : ExitCode.different;
}

function printed(report: DiffReport, replay: ReplayReport | null, options: DiffOptions): string {
  const { json, markdown, all = false } = options;
  if (json === true) return `${JSON.stringify(replay === null ? report : { ...report, replay }, null, 2)}\n`;
  if (markdown === true) return `${diffMarkdown(report, all)}${replay === null ? '' : `\n${replayMarkdown(replay)}`}`;
  const color = pc.isColorSupported;
  const width = Math.min(Math.max(process.stdout.columns ?? 80, 60), widest);
  return `${diffText(report, { color, width, all })}${replay === null ? '' : `\n${replayText(replay, color)}`}`;
}

/** Longer lines are hard to read. */
const widest = 110;

export function compareConfigs(before: ReadConfig, after: ReadConfig): DiffReport {
  const matchPairs = [...comparedPairs(before.config.routes, after.config.routes)];
  const differences = comparePolicies(policyOf(before.config), policyOf(after.config), matchPairs);
  const methods = new Set(matchPairs.map(({ method }) => method));
  return diffReport(differences, settingChanges(before, after, matchPairs), methods);
}
