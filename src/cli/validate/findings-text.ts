/** Findings of the analysis for people: as problems look, with the code by which one can be ignored. */
import pc from 'picocolors';
import type { PlacedFinding } from '../../app/find-surprises.ts';
import { formatProblem } from '../../config/format-problems.ts';
import { findingKinds } from '../../policy-tools/analysis/finding.ts';

/** More are counted. */
const mostShown = 100;

export function findingsText(findings: readonly PlacedFinding[], strict: boolean): string {
  const blocks = findings.slice(0, mostShown).map(({ code, problem }) => {
    const { severity } = findingKinds[code];
    const level = severity === 'warning' && strict ? 'error' : severity;
    const paint = { error: pc.red, warning: pc.yellow, note: pc.cyan }[level];
    const message = `${paint(`${level}[${code}]`)} ${problem.message}`;
    return formatProblem({ ...problem, message }, { color: pc.isColorSupported });
  });
  if (findings.length > mostShown) blocks.push(`and ${findings.length - mostShown} more`);
  return blocks.length === 0 ? '' : `${blocks.join('\n\n')}\n\n`;
}
