/** Identifiers of the Auth API: visible ASCII without blanks, as they go into headers and logs. */

const identifier = /^[\x21-\x7e]{1,256}$/;

export function isIdentifier(text: string): boolean {
  return identifier.test(text);
}
