/** Regular expressions of other products: those of Go, RE2 and PCRE that mean the same here. */

/** Null: not supported here, so it is ignored. `whole`: it must match the whole text. */
export function readPattern(text: string, whole = false): RegExp | null {
  const [, ignoresCase, source = ''] = /^(\(\?i\))?(.*)$/s.exec(text) ?? [];
  try {
    return new RegExp(whole ? `^(?:${source})$` : source, ignoresCase === undefined ? '' : 'i');
  } catch {
    return null;
  }
}
