/** The starts of lines, for converting an offset in the text to a line and a column. */

export interface LineIndex {
  /** Line and column, counted from 1; the column in UTF-16 units. */
  position(offset: number): { readonly line: number; readonly column: number };
  /** Bounds of a line (counted from 1) in the text, without its line break; null if there is no such line. */
  bounds(line: number): { readonly start: number; readonly end: number } | null;
}

/** Finds the lines on first use, so a file without problems never needs it. */
export function createLineIndex(text: string): LineIndex {
  let starts: readonly number[] | null = null;
  const lineStarts = () => {
    starts ??= startsOf(text);
    return starts;
  };
  return {
    position(offset) {
      const starts = lineStarts();
      const at = Math.min(Math.max(offset, 0), text.length);
      let low = 0;
      let high = starts.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (starts[middle]! <= at) low = middle;
        else high = middle - 1;
      }
      return { line: low + 1, column: at - starts[low]! + 1 };
    },
    bounds(line) {
      const starts = lineStarts();
      const start = starts[line - 1];
      if (start === undefined) return null;
      const next = starts[line];
      let end = next === undefined ? text.length : next - 1;
      if (end > start && text[end - 1] === '\r') end -= 1;
      return { start, end };
    },
  };
}

function startsOf(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
