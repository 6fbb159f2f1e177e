/**
 * Characters that some services fit into plainer ones: full-width letters and slashes, letters of mathematics, ligatures
 * (Unicode NFKC, UAX #15), and what code pages take for a slash (the class of CVE-2024-4577).
 */

/** Runs of escapes beyond ASCII, in canonical spelling. */
const beyondAscii = /(?:%[89A-F][0-9A-F])+/g;
const likeSlash = /[\u2044\u2215]/g;

/** The canonical segment as such a service reads it, which may be several segments; the same text where nothing is fitted. */
export function fitCharacters(segment: string): string {
  return segment.includes('%') ? segment.replace(beyondAscii, fit) : segment;
}

function fit(escapes: string): string {
  const text = decodeURIComponent(escapes);
  const fitted = text.normalize('NFKC').replace(likeSlash, '/');
  return fitted === text ? escapes : encodeURIComponent(fitted).replaceAll('%2F', '/');
}
