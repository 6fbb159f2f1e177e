/** The form in which addresses and aliases are compared. */

/**
 * Compatibility composition (NFKC) and full case folding: spellings that differ in case, width or ligatures are one.
 * By way of upper case, because some letters meet only there (`ß` and `ss`, the two small sigmas).
 */
export function foldCase(text: string): string {
  return text.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase().normalize('NFKC');
}
