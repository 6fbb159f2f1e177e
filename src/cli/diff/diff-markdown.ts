/** Differences as Markdown, for a pull request. */
import { type DiffReport, routeInWords, unchanged, type VerdictChange } from './diff-report.ts';

export function diffMarkdown({ same, newlyAllowed, newlyRefused, settings }: DiffReport): string {
  if (same && settings.length === 0) return 'The access rules mean the same.\n';
  const parts = [...section('Newly allowed', newlyAllowed), ...section('Newly refused', newlyRefused)];
  if (parts.length === 0) parts.push(unchanged(settings), '');
  if (settings.length > 0) {
    parts.push('### Other settings', '', '| route | setting | before | after |', '|---|---|---|---|');
    for (const { routeBefore, routeAfter, setting, before, after, bearsOnVerdicts } of settings) {
      const route = routeInWords(routeBefore, routeAfter, '(gateway)');
      parts.push(row([route, bearsOnVerdicts ? `**${setting}**` : setting, code(before), code(after)]));
    }
  }
  return `${parts.join('\n')}\n`;
}

function section(title: string, changes: readonly VerdictChange[]): string[] {
  if (changes.length === 0) return [];
  const rows = changes.map(({ methods, example, routeBefore, routeAfter, reasons, who, conditions, possible }) => {
    const route = routeInWords(routeBefore, routeAfter);
    const depends = conditions.length === 0 ? '' : ` (depends on ${conditions.join('; ')})`;
    const concerned = possible ? 'possibly' : who.join('; ');
    return row([methods.join(', '), code(example), route, `${concerned}${depends}`, reasons.join(', ')]);
  });
  return [`### ${title}`, '', '| methods | example | route | who | refusal |', '|---|---|---|---|---|', ...rows, ''];
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}

function code(text: string): string {
  return `\`${text.replaceAll('`', "'")}\``;
}
