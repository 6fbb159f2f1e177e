/** Differences for people at a terminal. */
import pc from 'picocolors';
import { type DiffReport, routeInWords, unchanged, type VerdictChange } from './diff-report.ts';

export function diffText({ same, newlyAllowed, newlyRefused, settings }: DiffReport, color: boolean): string {
  const paint = pc.createColors(color);
  if (same && settings.length === 0) return `${paint.green('same meaning')}\n`;
  const lines: string[] = [];
  const list = (title: string, mark: string, changes: readonly VerdictChange[]) => {
    if (changes.length === 0) return;
    lines.push(paint.bold(title));
    for (const change of changes) lines.push(...changeLines(mark, change));
  };
  list('Newly allowed', paint.red('+'), newlyAllowed);
  list('Newly refused', paint.yellow('-'), newlyRefused);
  if (newlyAllowed.length + newlyRefused.length === 0) lines.push(paint.green(unchanged(settings)));
  if (settings.length > 0) lines.push(paint.bold('Other settings'));
  for (const { routeBefore, routeAfter, setting, before, after, bearsOnVerdicts } of settings) {
    const note = bearsOnVerdicts ? paint.red(' (bears on what is allowed)') : '';
    lines.push(`  ${routeInWords(routeBefore, routeAfter, 'gateway')} ${setting}: ${before} -> ${after}${note}`);
  }
  return `${lines.join('\n')}\n`;
}

function changeLines(mark: string, change: VerdictChange): string[] {
  const { methods, example, routeBefore, routeAfter, reasons, who, conditions, possible } = change;
  const route = routeInWords(routeBefore, routeAfter);
  return [
    `  ${mark} ${methods.join(', ')}  ${route}${possible ? '  (possible: too many classes to go through)' : ''}`,
    `      such as ${example}`,
    ...who.map((words) => `      ${words}`),
    ...(reasons.length === 0 ? [] : [`      refusal: ${reasons.join(', ')}`]),
    ...(conditions.length === 0 ? [] : [`      depends on: ${conditions.join('; ')}`]),
  ];
}
