/** The form in which addresses and aliases are compared. */

/**
 * Lower case after compatibility composition, so that no two spellings which look alike to a mail server or a reader
 * (full-width letters, ligatures) pass as two.
 */
export function foldCase(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}
