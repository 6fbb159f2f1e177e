/** Problems for a person at a terminal: place, message, frame and hint of each, and their number at the end. */
import picocolors from 'picocolors';
import { harmless } from './yaml/code-frame.ts';
import type { ConfigProblem } from './yaml/problem.ts';

/** Ends with a line break. */
export function formatProblems(problems: readonly ConfigProblem[], options: { readonly color: boolean }): string {
  const color = picocolors.createColors(options.color);
  const blocks = problems.map((problem) => formatProblem({ ...problem, message: color.red(problem.message) }, options));
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return `${[...blocks, color.bold(count)].join('\n\n')}\n`;
}

/** One problem without its final line break; its message unchanged, with or without colors. */
export function formatProblem(problem: ConfigProblem, options: { readonly color: boolean }): string {
  const { file, line, column, message, hint, frame } = problem;
  const color = picocolors.createColors(options.color);
  const out = [`${color.bold(`${harmless(file)}:${line}:${column}`)} ${message}`];
  for (const row of frame === '' ? [] : frame.split('\n')) {
    out.push(`  ${row.startsWith('>') || row.endsWith('^') ? row : color.dim(row)}`);
  }
  if (hint !== null) out.push(`  ${color.cyan('hint:')} ${hint}`);
  return out.join('\n');
}
