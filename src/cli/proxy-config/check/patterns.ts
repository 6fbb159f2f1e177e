/** Regular expressions of other products: those of Go, RE2 and PCRE that mean the same here. */

/** Null: it cannot be read here, and then counts for nothing. `whole`: it has to match a text from its start to its end. */
export function readPattern(text: string, whole = false): RegExp | null {
  const [, ignoresCase, source = ''] = /^(\(\?i\))?(.*)$/s.exec(text) ?? [];
  try {
    return new RegExp(whole ? `^(?:${source})$` : source, ignoresCase === undefined ? '' : 'i');
  } catch {
    return null;
  }
}
