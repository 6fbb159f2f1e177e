/** The results of replayed requests, for a terminal and a pull request. */
import pc from 'picocolors';
import type { ReplayDifference, ReplayExample, ReplayReport } from '../../policy-tools/replay/replay-decisions.ts';

const titles = {
  newly_allowed: 'newly allowed',
  newly_refused: 'newly refused',
  other_reason: 'refused for another reason',
  other_route: 'allowed by another route',
  undecided: 'not decided: it depends on data that was not recorded',
} as const;

/** Differences that are listed; the JSON report has all. */
const maxListed = 50;

export function replayText(report: ReplayReport, color: boolean): string {
  const paint = pc.createColors(color);
  const lines = [paint.bold('Recorded requests'), ...summary(report).map((line) => `  ${line}`)];
  for (const one of report.differences.slice(0, maxListed)) {
    lines.push(`  ${one.count} ${titles[one.difference]}: ${change(one)}`);
    lines.push(...one.examples.map((example) => paint.dim(`      ${exampleInWords(example)}`)));
  }
  if (report.differences.length > maxListed) lines.push(`  and ${report.differences.length - maxListed} more (--json)`);
  return `${lines.join('\n')}\n`;
}

export function replayMarkdown(report: ReplayReport): string {
  const lines = ['### Recorded requests', '', ...summary(report).map((line) => `- ${line}`), ''];
  if (report.differences.length > 0) lines.push('| requests | what | change | example |', '|---|---|---|---|');
  for (const one of report.differences.slice(0, maxListed)) {
    const [example] = one.examples;
    const cells = [
      `${one.count}`,
      titles[one.difference],
      change(one),
      example === undefined ? '' : exampleInWords(example),
    ];
    lines.push(`| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`);
  }
  return `${lines.join('\n')}\n`;
}

function summary({ records, counts, unreadable, unlikeRecorded }: ReplayReport): readonly string[] {
  const lines = [`${counts.same} of ${records} are decided the same`];
  if (unlikeRecorded > 0) {
    lines.push(`${unlikeRecorded} were decided differently when recorded, under other rules`);
  }
  if (unreadable > 0) lines.push(`${unreadable} lines are not records`);
  return lines;
}

/** An undecided request has neither route nor reason. */
function change({ routeBefore, routeAfter, reasonBefore, reasonAfter }: ReplayDifference): string {
  const side = (route: string | null, reason: string | null) =>
    reason === null ? (route ?? 'unknown') : `${route ?? 'no route'} (${reason})`;
  return `${side(routeBefore, reasonBefore)} -> ${side(routeAfter, reasonAfter)}`;
}

function exampleInWords({ at, request, userId, roles }: ReplayExample): string {
  const who = userId === null ? 'no identity' : `${userId} with ${roles.length === 0 ? 'no role' : roles.join(', ')}`;
  return `${at} ${request} by ${who}`;
}
