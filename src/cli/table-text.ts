/**
 * Tables, for a terminal and in Markdown. For a terminal: cells may have several lines, and characters may take two columns, like East
 * Asian ones. If the terminal is too narrow, the widest columns are narrowed, and their texts wrap.
 */
import pc from 'picocolors';
import stringWidth from 'string-width';

/** Minimum width of a column. */
const narrowest = 8;

/**
 * `columns`: of the terminal; if unset, the table is as wide as its texts. Its time is linear in the rows, not quadratic as in libraries
 * that support spanning cells.
 */
export function tableText(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number = Number.POSITIVE_INFINITY,
): string {
  const split = rows.map((row) => row.map((cell) => cell.split('\n')));
  const natural = heads.map((head) => stringWidth(head));
  for (const row of split) {
    for (const [column, lines] of row.entries()) {
      for (const line of lines) natural[column] = Math.max(natural[column]!, stringWidth(line));
    }
  }
  const widths = narrowed(natural, columns - 3 * heads.length - 1);
  const cells = split.map((row) =>
    row.map((lines, column) =>
      natural[column] === widths[column] ? lines : lines.flatMap((line) => broken(line, widths[column]!)),
    ),
  );
  const border = (left: string, middle: string, right: string) =>
    pc.dim(left + widths.map((width) => '─'.repeat(width + 2)).join(middle) + right);
  const side = pc.dim('│');
  const line = (texts: readonly string[], style: (text: string) => string) =>
    `${side}${texts.map((text, column) => style(` ${padded(text, widths[column]!)} `)).join(side)}${side}`;
  const linesOf = (row: readonly (readonly string[])[]) =>
    Array.from({ length: Math.max(...row.map(({ length }) => length)) }, (_, index) =>
      line(
        row.map((lines) => lines[index] ?? ''),
        String,
      ),
    );
  return [border('┌', '┬', '┐'), line(heads, pc.bold), ...cells.flatMap(linesOf), border('└', '┴', '┘')].join('\n');
}

/** The widest columns share the width that the others leave. */
function narrowed(natural: readonly number[], room: number): readonly number[] {
  let most = Math.max(...natural);
  const taken = () => natural.reduce((sum, width) => sum + Math.min(width, most), 0);
  while (most > narrowest && taken() > room) most -= 1;
  return natural.map((width) => Math.min(width, most));
}

/** Breaks after blanks, commas and slashes; text without these breaks anywhere. */
function broken(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  const add = (piece: string) => {
    if (stringWidth(line + piece.trimEnd()) > width && line !== '') {
      lines.push(line.trimEnd());
      line = '';
    }
    line += piece;
  };
  for (const piece of text.split(/(?<=[ ,/])/)) {
    for (const part of stringWidth(piece) > width ? piece : [piece]) add(part);
  }
  return [...lines, line.trimEnd()];
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(width - stringWidth(text));
}

/** The same cells for a page or a pull request. */
export function markdownTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ', ')).join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}
