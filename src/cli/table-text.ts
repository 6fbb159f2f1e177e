/** A table for a terminal. Cells may have several lines, and characters that take two columns, as East Asian ones do. */
import pc from 'picocolors';
import stringWidth from 'string-width';

/** Its time grows with the rows, and not with their square as in the libraries that let cells span several. */
export function tableText(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell) => cell.split('\n')));
  const widths = heads.map((head) => stringWidth(head));
  for (const row of cells) {
    for (const [column, lines] of row.entries()) {
      for (const line of lines) widths[column] = Math.max(widths[column]!, stringWidth(line));
    }
  }
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

function padded(text: string, width: number): string {
  return text + ' '.repeat(width - stringWidth(text));
}
