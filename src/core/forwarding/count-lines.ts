/** The last look at a head before it is sent: how many lines it has, and that they hold nothing that no line may hold. */

/** 1: may stand in a line (RFC 9110 section 5.5). */
const allowed = new Uint8Array(256);
allowed[0x09] = 1;
for (let code = 0x20; code < 0x100; code += 1) if (code !== 0x7f) allowed[code] = 1;

/** Lines of `text`, each of which ends in CR LF; -1: it holds a character that is none of a head, or half a line end. */
export function countLines(text: string): number {
  let lines = 0;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (allowed[code] === 1) continue;
    if (code !== 0x0d || text.charCodeAt(i + 1) !== 0x0a) return -1;
    i += 1;
    lines += 1;
  }
  return lines;
}
