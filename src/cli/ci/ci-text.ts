/** The report of `rolegate ci` for people at a terminal: the same parts in the same order as the Markdown report. */
import pc from 'picocolors';
import { findingKinds } from '../../policy-tools/analysis/finding.ts';
import { brokenInWords, brokenTitle } from '../../policy-tools/base-tests.ts';
import { diffText } from '../diff/diff-text.ts';
import { replayText } from '../diff/replay-text.ts';
import { reporters } from '../test/reporters.ts';
import { baseTestsInWords, type CiResult, partInWords } from './ci-markdown.ts';
import { delegationInWords } from './delegation-changes.ts';

export function ciText(result: CiResult, all: boolean): string {
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
  const blocks = [
    [`Access rules: ${faults.length === 0 ? pc.green('passed') : pc.red('failed')}`, `${file}, compared with ${base}`],
    part === null ? [] : [partInWords(part)],
    faults.map((fault) => `${pc.red('-')} ${fault}`),
    baseTests === null ? [] : section(brokenTitle(baseTests), baseTests.broken.map(brokenInWords)),
    section('Delegation that grew', delegation.grew.map(delegationInWords)),
    section('Delegation that shrank', delegation.shrank.map(delegationInWords)),
    section('Settings that may allow more (accept one with --accept NAME)', unjudged.open),
    section('Accepted settings', unjudged.accepted),
    [
      difference === null
        ? `difference: ${notCompared}`
        : diffText(difference, { color: pc.isColorSupported, width: 110, all }).trimEnd(),
    ],
    [...(baseTests === null ? [] : [`of base   ${baseTestsInWords(baseTests)}`]), reporters.pretty(tests).trimEnd()],
    section(
      'Findings',
      findings.map(({ code, problem: { file: place, line, message } }) => {
        return `${findingKinds[code].severity} ${code} ${place}:${line}: ${message}`;
      }),
    ),
    replay === null ? [] : [replayText(replay, pc.isColorSupported).trimEnd()],
  ];
  const filled = blocks.filter((lines) => lines.length > 0);
  return `${filled.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function section(title: string, items: readonly string[]): readonly string[] {
  return items.length === 0 ? [] : [pc.bold(title), ...items.map((item) => `- ${item}`)];
}
