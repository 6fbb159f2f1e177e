/** The last look at a head before it is sent: how many lines it has, and that they hold nothing that no line may hold. */

/** RFC 9110 section 5.5; CR LF ends the lines, and the count knows of a LF alone. */
const unsendable = /[^\t\r\n\x20-\x7e\x80-\xff]|\r(?!\n)/;

/** Lines of `text`, each of which ends in CR LF; -1: it holds a character that is none of a head. */
export function countLines(text: string): number {
  if (unsendable.test(text)) return -1;
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}
