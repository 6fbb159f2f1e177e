/** Differences as Markdown, for a pull request: a summary, then the first ones of each kind. */
import { type DiffReport, routeInWords, type VerdictChange } from './diff-report.ts';
import { headline, listed, maxListed, maxRows, settingTitles } from './diff-words.ts';

export function diffMarkdown(report: DiffReport, all: boolean): string {
  const { same, newlyAllowed, newlyRefused, settings } = report;
  if (same && settings.length === 0) return 'The access rules are equivalent.\n';
  const most = all ? Infinity : maxListed;
  const parts = [`**${headline(report)}**`, ''];
  if (newlyAllowed.length + newlyRefused.length > 1) parts.push(...summary(report, all ? Infinity : maxRows));
  parts.push(...section('Newly allowed', newlyAllowed, most), ...section('Newly refused', newlyRefused, most));
  for (const kind of ['decides', 'exposes', 'neither'] as const) {
    const ofKind = settings.filter((setting) => setting.class === kind);
    if (ofKind.length === 0) continue;
    parts.push(`### ${settingTitles[kind]}`, '', '| route | setting | before | after |', '|---|---|---|---|');
    for (const { routeBefore, routeAfter, setting, before, after } of ofKind.slice(0, most)) {
      parts.push(row([routeInWords(routeBefore, routeAfter, '(gateway)'), setting, code(before), code(after)]));
    }
    parts.push(...rest(ofKind.length, most), '');
  }
  return `${parts.join('\n').trimEnd()}\n`;
}

function summary({ summary: { byRoute, byCaller } }: DiffReport, most: number): string[] {
  const cell = (items: readonly string[]) => listed(items, (text) => text.length <= 60);
  const table = (head: string, rows: readonly (readonly [string, readonly string[], readonly string[]])[]) => [
    `| ${head} | newly allowed | newly refused |`,
    '|---|---|---|',
    ...rows.slice(0, most).map(([name, allowed, refused]) => row([name, cell(allowed), cell(refused)])),
    ...rest(rows.length, most),
    '',
  ];
  return [
    ...table(
      'route',
      byRoute.map(({ route, newlyAllowed, newlyRefused }) => [route, newlyAllowed, newlyRefused]),
    ),
    ...table(
      'who',
      byCaller.map(({ who, newlyAllowed, newlyRefused }) => [who, newlyAllowed, newlyRefused]),
    ),
  ];
}

function section(title: string, changes: readonly VerdictChange[], most: number): string[] {
  if (changes.length === 0) return [];
  const rows = changes.slice(0, most).map((change) => {
    const { methods, everyMethod, example, exampleBy, routeBefore, routeAfter, reasons, who, conditions } = change;
    const depends = conditions.length === 0 ? '' : ` (depends on ${conditions.join('; ')})`;
    const concerned = [...(change.possible ? ['possibly'] : []), ...who, ...(change.more ? ['possibly others'] : [])];
    return row([
      everyMethod ? 'every method' : methods.join(', '),
      example === null ? '' : `${code(example)} ${exampleBy}`,
      routeInWords(routeBefore, routeAfter),
      `${concerned.join('; ')}${depends}`,
      reasons.join(', '),
    ]);
  });
  const heads = ['| methods | example | route | who | refusal |', '|---|---|---|---|---|'];
  return [`### ${title}`, '', ...heads, ...rows, ...rest(changes.length, most), ''];
}

function rest(count: number, most: number): string[] {
  return count > most ? ['', `And ${count - most} more (\`--all\`).`] : [];
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}

function code(text: string): string {
  return `\`${text.replaceAll('`', "'")}\``;
}
