/** The excerpt of the file for a problem, with a caret. Secrets are masked and terminal control characters replaced. */
import type { LineIndex } from './line-index.ts';
import type { Span } from './mask-secrets.ts';

const widest = 120;
const mask = '***';

/** Shows the line before, the line itself and a caret under the offset. */
export function codeFrame(text: string, lines: LineIndex, offset: number, masks: readonly Span[]): string {
  if (text === '') return '';
  const { line } = lines.position(offset);
  const gutter = String(line).length;
  const out: string[] = [];
  const before = render(text, lines, line - 1, offset, masks);
  if (before !== null && before.text.trim() !== '') out.push(`  ${String(line - 1).padStart(gutter)} | ${before.text}`);
  const view = render(text, lines, line, offset, masks);
  if (view !== null) {
    out.push(`> ${line} | ${view.text}`);
    out.push(`  ${' '.repeat(gutter)} | ${' '.repeat(view.caret)}^`);
  }
  return out.join('\n');
}

function render(
  text: string,
  lines: LineIndex,
  line: number,
  offset: number,
  masks: readonly Span[],
): { text: string; caret: number } | null {
  const bounds = lines.bounds(line);
  if (bounds === null) return null;
  let out = '';
  let caret = -1;
  let at = bounds.start;
  for (let index = firstEndingAfter(masks, at); index < masks.length; index += 1) {
    const span = masks[index]!;
    if (span.start >= bounds.end) break;
    const start = Math.max(span.start, at);
    if (caret < 0 && offset < start) caret = out.length + Math.max(offset - at, 0);
    out += text.slice(at, start);
    if (caret < 0 && offset < span.end) caret = out.length;
    out += mask;
    at = Math.min(span.end, bounds.end);
  }
  if (caret < 0) caret = out.length + Math.min(Math.max(offset - at, 0), bounds.end - at);
  out += text.slice(at, bounds.end);
  return cut(harmless(out), caret);
}

/** Masks are sorted and do not overlap, so a file with many problems finds each of them only once. */
function firstEndingAfter(masks: readonly Span[], at: number): number {
  let low = 0;
  let high = masks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (masks[middle]!.end <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Keeps the caret visible on a very long line. */
function cut(line: string, caret: number): { text: string; caret: number } {
  if (line.length <= widest) return { text: line, caret };
  const from = Math.max(0, Math.min(caret - 60, line.length - widest));
  const head = from > 0 ? '...' : '';
  const tail = from + widest < line.length ? '...' : '';
  return { text: `${head}${line.slice(from, from + widest)}${tail}`, caret: caret - from + head.length };
}

/** Escape sequences in a file must not reach the terminal. Each character is replaced by one character. */
export function harmless(text: string): string {
  return text.replace(/[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (char) =>
    char === '\t' ? ' ' : '?',
  );
}
