/** The form in which addresses and aliases are compared. */

/**
 * Compatibility composition (NFKC) and full case folding: spellings that differ in case, width or ligatures become equal. Converts
 * to upper case first, because some letters become equal only there (`ß` and `ss`, the two small sigmas).
 */
export function foldCase(text: string): string {
  return text.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase().normalize('NFKC');
}
