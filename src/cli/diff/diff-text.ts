/** Differences for people at a terminal: a summary, then the first ones of each kind. */
import pc from 'picocolors';
import stringWidth from 'string-width';
import type { KeyClass } from '../../config/schema/key.ts';
import type { SettingChange } from '../../policy-tools/diff/setting-changes.ts';
import { wrapped } from '../wrapped-text.ts';
import { type DiffReport, routeInWords, type VerdictChange } from './diff-report.ts';
import {
  type ChangeGroup,
  grouped,
  headline,
  listed,
  maxListed,
  maxRows,
  type SummaryRow,
  settingTitles,
  summaryRows,
} from './diff-words.ts';

export interface TextOptions {
  readonly color: boolean;
  /** Columns of the terminal. */
  readonly width: number;
  /** Every difference instead of the first ones. */
  readonly all: boolean;
}

type Paint = ReturnType<typeof pc.createColors>;

/** Options for printing. */
interface Print {
  readonly paint: Paint;
  readonly width: number;
  readonly all: boolean;
}

export function diffText(report: DiffReport, { color, width, all }: TextOptions): string {
  const paint = pc.createColors(color);
  const print = { paint, width, all };
  const { same, newlyAllowed, newlyRefused, settings } = report;
  if (same && settings.length === 0) return `${paint.green('equivalent')}\n`;
  const blocks = [
    [paint.bold(headline(report))],
    ...(newlyAllowed.length + newlyRefused.length > 1 ? summaryBlocks(report, print) : []),
    changesBlock('Newly allowed', paint.red('+'), newlyAllowed, print),
    changesBlock('Newly refused', paint.yellow('-'), newlyRefused, print),
    ...(['decides', 'exposes', 'neither'] as const).map((kind) => settingsBlock(kind, settings, print)),
  ];
  const filled = blocks.filter((lines) => lines.length > 0);
  return filled.map((lines) => `${lines.join('\n')}\n`).join('\n');
}

function summaryBlocks({ summary: { byRoute, byCaller } }: DiffReport, print: Print): string[][] {
  const routes = summaryRows(byRoute.map(({ route, ...cells }) => ({ name: route, ...cells })));
  const callers = summaryRows(byCaller.map(({ who, ...cells }) => ({ name: who, ...cells })));
  return [tableOf('By route', routes, print), tableOf('By role', callers, print)];
}

/** Three columns; the last two share the remaining width, and items that do not fit are counted. */
function tableOf(head: string, rows: readonly SummaryRow[], { paint, width, all }: Print): string[] {
  const most = all ? Infinity : maxRows;
  const visible = rows.slice(0, most);
  const fits = (columns: number) => (text: string) => stringWidth(text) <= columns;
  const longest = Math.floor(width * 0.45);
  const names = visible.map((row) => listed(row.names, fits(longest), 1));
  const first = Math.max(stringWidth(head), ...names.map((name) => Math.min(stringWidth(name), longest)));
  const rest = Math.floor((width - first - 6) / 2);
  const line = (indent: string, cells: readonly [string, string, string]) =>
    `${indent}${padded(cells[0], first + 2 - indent.length)}  ${padded(cells[1], rest)}  ${cells[2]}`.trimEnd();
  return [
    paint.bold(line('', [head, 'newly allowed', 'newly refused'])),
    ...visible.flatMap(({ newlyAllowed, newlyRefused }, index) => {
      const [top = '', ...below] = wrapped(names[index]!, first);
      const cells = [newlyAllowed, newlyRefused].map((items) => listed(items, fits(rest))) as [string, string];
      return [line('  ', [top, ...cells]), ...below.map((text) => `  ${text}`)];
    }),
    ...furtherLine(rows.length - most, paint),
  ];
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - stringWidth(text)));
}

function changesBlock(title: string, mark: string, changes: readonly VerdictChange[], print: Print): string[] {
  if (changes.length === 0) return [];
  const groups = grouped(changes);
  const most = print.all ? Infinity : maxListed;
  return [
    print.paint.bold(title),
    ...groups.slice(0, most).flatMap((group) => groupLines(mark, group, print)),
    ...furtherLine(groups.length - most, print.paint),
  ];
}

function groupLines(mark: string, { routes, change }: ChangeGroup, { paint, width, all }: Print): string[] {
  const { methods, everyMethod, example, exampleBy, reasons, who, more, conditions, possible } = change;
  const about = everyMethod ? 'every method' : methods.join(', ');
  const names = all ? routes.join(', ') : listed(routes, (text) => stringWidth(text) <= width - 8 - stringWidth(about));
  const note = possible
    ? `\n      ${paint.yellow(who.length === 0 ? 'possible: there are too many cases to check' : 'possible: no example request was found')}`
    : '';
  const field = (name: string, text: string) =>
    wrapped(all ? text : shortened(text), width - 15).map(
      (line, index) => `      ${paint.dim((index === 0 ? name : '').padEnd(7))}  ${line}`,
    );
  return [
    `  ${mark} ${paint.bold(names)}  ${about}${note}`,
    ...[...who, ...(more ? [who.length === 0 ? 'unknown' : 'possibly with other combinations of roles'] : [])].flatMap(
      (words, index) => field(index === 0 ? 'who' : '', words),
    ),
    ...(reasons.length === 0 ? [] : field('refusal', reasons.join(', '))),
    ...(conditions.length === 0 ? [] : field('depends', `on ${conditions.join('; ')}`)),
    ...(example === null
      ? []
      : exampleLines(example, exampleBy ?? '', width - 15).flatMap((text, index) =>
          field(index === 0 ? 'example' : '', text),
        )),
  ];
}

/** Request and sender, on separate lines if they do not fit on one. */
function exampleLines(request: string, sender: string, width: number): string[] {
  const together = `${request} ${sender}`;
  return stringWidth(together) <= width ? [together] : [request, sender];
}

/** Items of a long list of names that are shown. */
const maxNames = 12;

/** The start of a list of dozens of roles is sufficient. */
function shortened(text: string): string {
  const items = text.split(', ');
  if (items.length <= maxNames + 1) return text;
  const end = text.endsWith(' together') ? ' together' : '';
  return `${items.slice(0, maxNames).join(', ')} and ${items.length - maxNames} more${end}`;
}

function settingsBlock(kind: KeyClass, settings: readonly SettingChange[], { paint, width, all }: Print): string[] {
  const ofKind = settings.filter((setting) => setting.class === kind);
  if (ofKind.length === 0) return [];
  const most = all ? Infinity : maxListed;
  const lines = ofKind.slice(0, most).flatMap(({ routeBefore, routeAfter, setting, before, after }) => {
    const where = routeBefore === null && routeAfter === null ? '' : `${routeInWords(routeBefore, routeAfter)}  `;
    const text = `${where}${setting}: ${before} -> ${after}`;
    return wrapped(text, width - 6).map((line, index) => `${index === 0 ? '  ' : '      '}${line}`);
  });
  return [paint.bold(settingTitles[kind]), ...lines, ...furtherLine(ofKind.length - most, paint)];
}

function furtherLine(count: number, paint: Paint): string[] {
  return count > 0 ? [paint.dim(`  and ${count} more (--all)`)] : [];
}
