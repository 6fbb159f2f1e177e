/** A report of the tests as text: for people, for JUnit and TAP readers, and as JSON. */
import pc from 'picocolors';
import type { BrokenExpectation } from '../../policy-tools/base-tests.ts';
import type { CaseReport, TestReport } from '../../policy-tools/test-report.ts';

export const reporterNames = ['pretty', 'junit', 'tap', 'json'] as const;
export type ReporterName = (typeof reporterNames)[number];

export const reporters: Readonly<Record<ReporterName, (report: TestReport) => string>> = {
  pretty,
  junit: (report) => junit(report, []),
  tap,
  json: (report) => `${JSON.stringify(report, null, 2)}\n`,
};

/** Uncovered cells and survivors that are listed for people; the JSON report has all. */
const maxListed = 20;

function pretty({ passed, failed, cases, coverage, mutation }: TestReport): string {
  const lines: string[] = [];
  for (const one of cases) {
    if (one.faults.length === 0) continue;
    lines.push(`${pc.red('failed')} ${one.name}  ${pc.dim(`${one.file}:${one.line}`)}`);
    for (const fault of one.faults) lines.push(`         ${fault}`);
    lines.push(`         ${pc.dim(circumstances(one))}`);
  }
  if (lines.length > 0) lines.push('');
  const tally = failed === 0 ? pc.green(`${passed} passed`) : `${passed} passed, ${pc.red(`${failed} failed`)}`;
  lines.push(`tests     ${tally}`);
  lines.push(`coverage  ${percent(coverage.share)} of ${coverage.cells} rule effects`);
  lines.push(...listed(coverage.uncovered.map((cell) => `${cell.route} ${cell.method}: no test ${cell.effect}`)));
  if (coverage.uncovered.length > 0) lines.push(`          ${pc.dim('rolegate test --update prints cases for them')}`);
  if (mutation !== null) {
    const noticed = mutation.mutants - mutation.survivors.length;
    lines.push(`mutation  ${percent(mutation.score)}: ${noticed} of ${mutation.mutants} changes are detected`);
    lines.push(
      ...listed(mutation.survivors.map(({ route, change }) => `${route === null ? '' : `${route}: `}${change}`)),
    );
  }
  return `${lines.join('\n')}\n`;
}

/** The caller, the result and the route. */
function circumstances({ as, route, outcome, reason }: CaseReport): string {
  const who = as === null ? 'sent without a credential' : `sent as ${as}`;
  const where = route === null ? 'no route' : `route ${route}`;
  return `${who}, ${where}: ${outcome === 'allow' ? 'allowed' : `refused, ${reason}`}`;
}

function listed(items: readonly string[]): string[] {
  const lines = items.slice(0, maxListed).map((item) => `          ${pc.yellow('-')} ${item}`);
  return items.length > maxListed
    ? [...lines, `          and ${items.length - maxListed} more (--reporter json)`]
    : lines;
}

/** Rounded down, so that 100 % means all. */
export function percent(share: number): string {
  return `${Math.floor(share * 100)} %`;
}

/** `ofBase`: failures of the tests of the base, which are a suite of their own. */
export function junit({ cases }: TestReport, ofBase: readonly BrokenExpectation[]): string {
  const suites = [
    suite(
      'rolegate',
      cases.map((one) => ({ ...one, details: [...one.faults, circumstances(one)] })),
    ),
    ...(ofBase.length === 0
      ? []
      : [
          suite(
            'rolegate, tests of the base',
            ofBase.map((one) => ({ ...one, route: one.routeBefore, details: one.faults })),
          ),
        ]),
  ];
  const failures = [...cases, ...ofBase].filter(({ faults }) => faults.length > 0).length;
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="${cases.length + ofBase.length}" failures="${failures}">
${suites.join('\n')}
</testsuites>
`;
}

interface SuiteCase extends Pick<CaseReport, 'name' | 'file' | 'line' | 'route' | 'faults'> {
  /** What a reader sees if it failed. */
  readonly details: readonly string[];
}

function suite(title: string, cases: readonly SuiteCase[]): string {
  const body = cases.map(({ name, file, line, route, faults, details }) => {
    const attributes = `name="${xml(name)}" classname="${xml(route ?? 'no route')}" file="${xml(file)}" line="${line}"`;
    if (faults.length === 0) return `    <testcase ${attributes}/>`;
    return `    <testcase ${attributes}>\n      <failure message="${xml(faults[0]!)}">${xml(details.join('\n'))}</failure>\n    </testcase>`;
  });
  const failures = cases.filter(({ faults }) => faults.length > 0).length;
  return `  <testsuite name="${title}" tests="${cases.length}" failures="${failures}">
${body.join('\n')}
  </testsuite>`;
}

function tap({ cases }: TestReport): string {
  const lines = cases.flatMap((one, index) => {
    const { name, file, line, faults } = one;
    const described = name
      .replaceAll('\\', '\\\\')
      .replaceAll('#', '\\#')
      .replace(/[\r\n]+/g, ' ');
    const first = `${faults.length === 0 ? 'ok' : 'not ok'} ${index + 1} - ${described}`;
    if (faults.length === 0) return [first];
    return [
      first,
      '  ---',
      `  at: ${JSON.stringify(`${file}:${line}`)}`,
      `  message: ${JSON.stringify([...faults, circumstances(one)].join('; '))}`,
      '  ...',
    ];
  });
  return ['TAP version 14', `1..${cases.length}`, ...lines, ''].join('\n');
}

function xml(text: string): string {
  const safe = text.replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/g, '?');
  return safe.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
