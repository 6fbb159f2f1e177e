/** The findings of the doctor as text and as JSON. */
import pc from 'picocolors';
import { asciiJson } from '../../telemetry/log/ascii-json.ts';
import { printable } from '../printable.ts';
import { wrapped } from '../wrapped-text.ts';
import { type Finding, type Group, groups } from './check.ts';

export type Levels = Readonly<Record<Finding['level'], number>>;

export function countLevels(findings: readonly Finding[]): Levels {
  const count = (level: Finding['level']) => findings.filter((one) => one.level === level).length;
  return { ok: count('ok'), warning: count('warning'), error: count('error') };
}

export function doctorText(
  findings: readonly Finding[],
  { color, width }: { readonly color: boolean; readonly width: number },
): string {
  const paint = pc.createColors(color);
  const signs = { ok: paint.green('✓'), warning: paint.yellow('!'), error: paint.red('✗') };
  const blocks = (Object.keys(groups) as Group[]).flatMap((group) => {
    const own = findings.filter((one) => one.group === group);
    if (own.length === 0) return [];
    return [[paint.bold(groups[group]), ...own.flatMap((one) => findingLines(one, width, paint, signs))].join('\n')];
  });
  return `${[...blocks, summary(countLevels(findings), paint)].join('\n\n')}\n`;
}

function findingLines(
  { subject, level, found: text, advice }: Finding,
  width: number,
  paint: ReturnType<typeof pc.createColors>,
  signs: Readonly<Record<Finding['level'], string>>,
): readonly string[] {
  const [first = '', ...more] = wrapped(printable(`${subject}: ${text}`), width - 4);
  const painted = level === 'ok' ? first : paint[level === 'error' ? 'red' : 'yellow'](first);
  const advised = advice === null ? [] : wrapped(printable(advice), width - 6);
  return [
    `  ${signs[level]} ${painted}`,
    ...more.map((line) => `    ${level === 'ok' ? line : paint[level === 'error' ? 'red' : 'yellow'](line)}`),
    ...advised.map((line, at) => `    ${at === 0 ? `${paint.cyan('→')} ` : '  '}${line}`),
  ];
}

function summary({ ok, warning, error }: Levels, paint: ReturnType<typeof pc.createColors>): string {
  const count = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`;
  return [
    error > 0 ? paint.red(count(error, 'error')) : paint.green('no errors'),
    ...(warning > 0 ? [paint.yellow(count(warning, 'warning'))] : []),
    `${ok} ok`,
  ].join(', ');
}

export function doctorJson(file: string, findings: readonly Finding[]): string {
  return `${asciiJson(JSON.stringify({ config: file, counts: countLevels(findings), findings }, null, 2))}\n`;
}
