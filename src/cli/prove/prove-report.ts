/** The report of a run, as text and as JSON. It contains no credentials. */
import pc from 'picocolors';
import stringWidth from 'string-width';
import { asciiJson } from '../../telemetry/log/ascii-json.ts';
import { printable } from '../printable.ts';
import { wrapped } from '../wrapped-text.ts';
import { type Finding, findingKinds, type Group, groups, type Probe, type Unanswered } from './probe.ts';

export interface GroupCount {
  readonly requests: number;
  readonly found: number;
  readonly unanswered: number;
}

/** A probe without a response. */
export interface UnansweredProbe extends Unanswered {
  readonly probe: Probe;
}

export interface ProveReport {
  /** Origin that the requests went to. */
  readonly url: string;
  /** The configuration. */
  readonly file: string;
  readonly counts: ReadonlyMap<Group, GroupCount>;
  readonly findings: readonly Finding[];
  readonly unanswered: readonly UnansweredProbe[];
  /** Nothing of what was asked for could be compared. */
  readonly incomplete: boolean;
  /** Effects of rules that no request showed, in words. */
  readonly unchecked: readonly string[];
  /** What else was not tried, and why. */
  readonly notes: readonly string[];
}

type Paint = ReturnType<typeof pc.createColors>;
type Item = Finding | UnansweredProbe;

/** Of one kind; the others are counted. */
const maxShown = 8;
const hidden = '(the credential)';

/** Whether every request that the rules refuse was refused, and whatever was asked for was compared. */
export function isProven({ findings, unanswered, incomplete }: ProveReport): boolean {
  return findings.length === 0 && !incomplete && !unanswered.some(({ probe }) => expectedOf(probe) !== null);
}

export function proveText(
  { url, file, counts, findings, unanswered, unchecked, notes }: ProveReport,
  { color, width }: { readonly color: boolean; readonly width: number },
): string {
  const paint = pc.createColors(color);
  const groupCounts = [...counts].filter(([, { requests }]) => requests > 0);
  const nameWidth = Math.max(...groupCounts.map(([group]) => groups[group].length), 0);
  // Requests to the echo service are counted in their own group already.
  const total = groupCounts.reduce((sum, [group, { requests }]) => (group === 'received' ? sum : sum + requests), 0);
  const kinds = [...new Set(findings.map(({ code }) => code))];
  const lines = [
    `${paint.bold(url)} ${paint.dim(`against the rules of ${file}`)}`,
    '',
    ...groupCounts.map(([group, count]) => groupLine(group, count, nameWidth, paint)),
    '',
    ...kinds.flatMap((kind) => {
      const matches = findings.filter(({ code }) => code === kind);
      return kindLines(paint.red(paint.bold(kind)), findingKinds[kind], matches, paint, width);
    }),
    ...(unanswered.length === 0
      ? []
      : kindLines(paint.yellow(paint.bold('unanswered')), unansweredWords, unanswered, paint, width)),
    ...uncheckedLines(unchecked, paint, width),
    ...notes.flatMap((note) => [
      ...wrapped(note, width - 4).map((line, at) => `  ${at === 0 ? paint.yellow('!') : ' '} ${line}`),
      '',
    ]),
    // One request can reveal several problems.
    summary(total, new Set(findings.map(({ probe }) => probe)).size, unanswered.length, paint),
  ];
  return `${lines.join('\n')}\n`;
}

const unansweredWords = [
  'no response came, or not in time',
  'where the rules allow a request, this may be a service that is slow; where they refuse it, a response is due',
] as const;

function uncheckedLines(unchecked: readonly string[], paint: Paint, width: number): readonly string[] {
  if (unchecked.length === 0) return [];
  const left = unchecked.length - maxShown;
  return [
    `${paint.yellow(paint.bold('not checked'))}  ${unchecked.length} effects of rules, which no request with these credentials shows`,
    '  give further credentials with --as and --claims, --client, or --unsafe for methods that change something',
    ...unchecked.slice(0, maxShown).map((words) => `    ${clipped(words, width - 4)}`),
    ...(left > 0 ? [paint.dim(`    and ${left} more (--json has all)`)] : []),
    '',
  ];
}

function summary(total: number, problems: number, unanswered: number, paint: Paint): string {
  const silent = unanswered === 0 ? '' : ` ${unanswered} got no response.`;
  return problems === 0
    ? paint.green(`No problem found in ${total - unanswered} requests.${silent}`)
    : paint.red(`${problems} of ${total} requests revealed a problem.${silent}`);
}

function groupLine(
  group: Group,
  { requests, found: problems, unanswered }: GroupCount,
  nameWidth: number,
  paint: Paint,
): string {
  const sign = problems > 0 ? paint.red('✗') : unanswered > 0 ? paint.yellow('!') : paint.green('✓');
  const what = [
    ...(problems === 0 ? [] : [paint.red(foundWords(problems, group))]),
    ...(unanswered === 0 ? [] : [paint.yellow(`${unanswered} without a response`)]),
  ];
  const words = what.length === 0 ? paint.dim('as expected') : what.join(', ');
  return `  ${sign} ${groups[group].padEnd(nameWidth)}  ${String(requests).padStart(4)}  ${words}`;
}

function foundWords(problems: number, group: Group): string {
  if (group === 'received') return `${problems} changed`;
  return group === 'outage' || group === 'stopped' ? `${problems} unexpected` : `${problems} got through`;
}

function kindLines(
  title: string,
  [harm, advice]: readonly [harm: string, advice: string],
  items: readonly Item[],
  paint: Paint,
  width: number,
): readonly string[] {
  const sample = spread(items);
  const outcomes = sample.map((one) => clipped(outcomeText(one), width >> 1));
  const outcomeWidth = Math.max(...outcomes.map(({ length }) => length));
  const requests = sample.map(({ probe }) => clipped(requestText(probe), width - outcomeWidth - 11));
  const requestWidth = Math.max(...requests.map((text) => stringWidth(text)));
  const lines = sample.map((one, at) => {
    const status = 'status' in one ? paint.red(`${one.status}  `) : '';
    const outcome = outcomes[at]!;
    const request = outcome === '' ? requests[at]! : requests[at]!.padEnd(requestWidth);
    return `    ${status}${request}${outcome === '' ? '' : paint.dim(`  ${outcome}`)}`;
  });
  const left = items.length - sample.length;
  const more = left > 0 ? [paint.dim(`    and ${left} more (--json has all)`)] : [];
  const advised = wrapped(advice, width - 2).map((line) => `  ${line}`);
  return [`${title}  ${harm}`, ...advised, ...lines, ...more, ''];
}

/** The first ones of each group, in turn. */
function spread(items: readonly Item[]): readonly Item[] {
  const byGroup = [...Map.groupBy(items, ({ probe }) => probe.group).values()];
  const each = Math.ceil(maxShown / byGroup.length);
  return byGroup.flatMap((group) => group.slice(0, each));
}

/** Why the rules refuse it, or what happened to it. The echo service may be anything. */
function outcomeText(one: Item): string {
  const expected = expectedOf(one.probe);
  if ('why' in one) return expected === null ? one.why : `${one.why} (${expected})`;
  return one.received === undefined ? (expected ?? '') : `received ${printable(one.received)}`;
}

/** The reason for which the rules refuse it, or null. */
function expectedOf({ decision }: Probe): string | null {
  return decision?.outcome === 'refuse' ? decision.reason : null;
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

export function proveJson({ url, file, counts, findings, unanswered, unchecked, notes }: ProveReport): string {
  const report = {
    url,
    config: file,
    groups: Object.fromEntries(counts),
    findings: findings.map(({ code, probe, status, received }) => ({
      code,
      message: findingKinds[code][0],
      ...describe(probe),
      status,
      ...(received === undefined ? {} : { received }),
    })),
    unanswered: unanswered.map(({ probe, why }) => ({ ...describe(probe), why })),
    unchecked,
    notes,
  };
  return `${asciiJson(JSON.stringify(report, null, 2))}\n`;
}

function describe(probe: Probe): object {
  const { group, method, target, host } = probe;
  return { group, method, target, host, headers: Object.fromEntries(shownHeaders(probe)), expected: expectedOf(probe) };
}
