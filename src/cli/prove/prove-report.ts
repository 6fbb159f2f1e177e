/** The report of a run, as text and as JSON. It contains no credentials. */
import pc from 'picocolors';
import stringWidth from 'string-width';
import { wrapped } from '../wrapped-text.ts';
import { type Finding, type FindingKind, findingKinds, type Group, groups, type Probe } from './probe.ts';

export interface GroupCount {
  readonly requests: number;
  readonly found: number;
}

export interface ProveReport {
  /** Origin that the requests went to. */
  readonly url: string;
  /** The configuration. */
  readonly file: string;
  readonly counts: ReadonlyMap<Group, GroupCount>;
  readonly findings: readonly Finding[];
  /** What was not tried, and why. */
  readonly notes: readonly string[];
}

/** Of one kind; the others are counted. */
const mostShown = 8;
const hidden = '(the credential)';

export function proveText(
  { url, file, counts, findings, notes }: ProveReport,
  { color, width }: { readonly color: boolean; readonly width: number },
): string {
  const paint = pc.createColors(color);
  const asked = [...counts].filter(([, { requests }]) => requests > 0);
  const nameWidth = Math.max(...asked.map(([group]) => groups[group].length), 0);
  const total = asked.reduce((sum, [, { requests }]) => sum + requests, 0);
  const rows = asked.map(([group, { requests, found }]) => {
    const sign = found === 0 ? paint.green('✓') : paint.red('✗');
    const what = found === 0 ? paint.dim('as expected') : paint.red(foundWords(found, group));
    return `  ${sign} ${groups[group].padEnd(nameWidth)}  ${String(requests).padStart(4)}  ${what}`;
  });
  const kinds = [...new Set(findings.map(({ code }) => code))];
  const lines = [
    `${paint.bold(url)} ${paint.dim(`against the rules of ${file}`)}`,
    '',
    ...rows,
    '',
    ...kinds.flatMap((kind) =>
      kindLines(
        kind,
        findings.filter(({ code }) => code === kind),
        paint,
        width,
      ),
    ),
    ...notes.flatMap((note) => [
      ...wrapped(note, width - 4).map((line, at) => `  ${at === 0 ? paint.yellow('!') : ' '} ${line}`),
      '',
    ]),
    findings.length === 0
      ? paint.green(`No problem found in ${total} requests.`)
      : paint.red(`${findings.length} of ${total} requests revealed a problem.`),
  ];
  return `${lines.join('\n')}\n`;
}

function foundWords(found: number, group: Group): string {
  return group === 'outage' ? `${found} unexpected` : `${found} got through`;
}

function kindLines(
  kind: FindingKind,
  found: readonly Finding[],
  paint: ReturnType<typeof pc.createColors>,
  width: number,
): readonly string[] {
  const [harm, advice] = findingKinds[kind];
  const shown = spread(found);
  const reasonWidth = Math.max(...shown.map(({ probe }) => expectedText(probe).length));
  const requests = shown.map(({ probe }) => clipped(requestText(probe), width - reasonWidth - 11));
  const requestWidth = Math.max(...requests.map((text) => stringWidth(text)));
  const lines = shown.map(({ probe, status }, at) => {
    const expected = expectedText(probe);
    const request = expected === '' ? requests[at]! : requests[at]!.padEnd(requestWidth);
    return `    ${paint.red(String(status))}  ${request}${expected === '' ? '' : paint.dim(`  ${expected}`)}`;
  });
  const left = found.length - shown.length;
  const more = left > 0 ? [paint.dim(`    and ${left} more (--json has all)`)] : [];
  const advised = wrapped(advice, width - 2).map((line) => `  ${line}`);
  return [`${paint.red(paint.bold(kind))}  ${harm}`, ...advised, ...lines, ...more, ''];
}

/** The first ones of each group, in turn. */
function spread(found: readonly Finding[]): readonly Finding[] {
  const byGroup = [...Map.groupBy(found, ({ probe }) => probe.group).values()];
  const each = Math.ceil(mostShown / byGroup.length);
  return byGroup.flatMap((group) => group.slice(0, each));
}

/** Why the rules refuse it. */
function expectedText({ decision }: Probe): string {
  return decision?.outcome === 'refuse' ? decision.reason : '';
}

/** `GET /admin/x` with the headers that matter. */
function requestText(probe: Probe): string {
  const lines = shownHeaders(probe).map(([name, value]) => `${name}: ${value}`);
  return [`${probe.method} ${probe.target}`, ...lines].join('  ');
}

function shownHeaders({ headers, secrets, marker }: Probe): readonly (readonly [string, string])[] {
  return headers.flatMap((name, at) => {
    if (at % 2 === 1) return [];
    const value = headers[at + 1]!;
    if (secrets.some((secret) => value.includes(secret))) return [[name, hidden] as const];
    return [[name, value === marker ? '(forged)' : value] as const];
  });
}

function clipped(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(width - 1, 10))}…`;
}

export function proveJson({ url, file, counts, findings, notes }: ProveReport): string {
  const report = {
    url,
    config: file,
    groups: Object.fromEntries(counts),
    findings: findings.map(({ code, probe, status }) => ({
      code,
      message: findingKinds[code][0],
      group: probe.group,
      method: probe.method,
      target: probe.target,
      host: probe.host,
      headers: Object.fromEntries(shownHeaders(probe)),
      status,
      expected: probe.decision?.outcome === 'refuse' ? probe.decision.reason : null,
    })),
    notes,
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}
