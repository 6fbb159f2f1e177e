/**
 * Untrusted text for mail: one line, bounded, without characters that hide or reorder others, and without anything that a mail program
 * would turn into a link. The client that requests a code chooses the user agent, and another person reads it.
 */

const invisible = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]+/gu;

/** At most `maxLength` characters; cut text ends in "...". */
export function oneLine(text: string, maxLength: number): string {
  const plain = text.replaceAll(invisible, ' ').trim();
  const characters = [...plain];
  return characters.length <= maxLength
    ? plain
    : `${characters
        .slice(0, maxLength - 3)
        .join('')
        .trimEnd()}...`;
}

const maxAgent = 120;

/** A readable user agent without schemes, host names and addresses; empty if nothing remains. */
export function describeAgent(userAgent: string): string {
  const plain = userAgent
    .replaceAll(/[a-z][a-z0-9+.-]*:\/*/gi, ' ')
    .replaceAll(/[^A-Za-z0-9 .,;:/()_+-]/g, ' ')
    // "example.com" becomes "example com", and "5.0" stays.
    .replaceAll(/\.(?=[A-Za-z-])/g, ' ')
    .replaceAll(/\/{2,}/g, '/');
  return oneLine(plain, maxAgent);
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
}
