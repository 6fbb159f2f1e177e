/**
 * Characters that some services fit into plainer ones: full-width letters and slashes, letters of mathematics, ligatures
 * (Unicode NFKC, UAX #15), and what code pages take for a slash (the class of CVE-2024-4577).
 */

/** Runs of escapes beyond ASCII, in canonical spelling. */
const beyondAscii = /(?:%[89A-F][0-9A-F])+/g;
const likeSlash = /[\u2044\u2215]/g;

/** Whether such a service reads another segment. It is canonical, so its escapes are valid. */
export function isFitted(segment: string): boolean {
  if (!segment.includes('%')) return false;
  const text = decodeURIComponent(segment);
  return plainer(text) !== text;
}

/** The canonical segment or path as such a service reads it, with a slash more where a character is like one; the same text where nothing is fitted. */
export function fitCharacters(path: string): string {
  return path.replace(beyondAscii, fit);
}

function fit(escapes: string): string {
  const text = decodeURIComponent(escapes);
  const fitted = plainer(text);
  return fitted === text ? escapes : encodeURIComponent(fitted).replaceAll('%2F', '/');
}

function plainer(text: string): string {
  return text.normalize('NFKC').replace(likeSlash, '/');
}
