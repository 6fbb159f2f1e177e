/**
 * What else a service could read in a path whose ambiguous spellings a route tolerates: `%2F` as "/", `;` as the start of
 * something to cut off, `%3F` and `%23` as the end of the path, double escapes decoded once more, ends of segments trimmed,
 * characters fitted into plainer ones or dropped, and all of these one after the other.
 */
import { canonicalPath } from './canonical-path.ts';
import { dropUnseen, fitCharacters, trimEnds } from './look-alikes.ts';

/** A path with more readings is refused, and so is one whose readings have more characters together. */
const maxReadings = 16;
const maxCharacters = 32_768;

/**
 * The other canonical paths. Null when one of them is no path that could be forwarded (a dot segment, a NUL), or when there
 * are too many: each costs as much as the path itself, and a single ligature can stand for eighteen letters.
 */
export function otherReadings(path: string): readonly string[] | null {
  const found = new Set([path]);
  let characters = 0;
  // Readings that are added while the set is iterated are visited too.
  for (const reading of found) {
    for (const change of changes) {
      const changed = change(reading);
      if (changed === reading) continue;
      characters += changed.length;
      if (characters > maxCharacters) return null;
      const read = canonicalPath(changed);
      if (typeof read === 'string') return null;
      found.add(read.path);
      if (found.size > maxReadings) return null;
    }
  }
  found.delete(path);
  return [...found];
}

/** `%2F` as "/". Dot segments beside one are refused before (`canonicalPath`), so none appears. */
export function decodeSlashes(path: string): string {
  return path.replaceAll('%2F', '/');
}

const changes: readonly ((path: string) => string)[] = [
  decodeSlashes,
  (path) => path.replace(/%25(?=[0-9A-Fa-f]{2})/g, '%'),
  (path) => path.replace(/(?:;|%3B)[^/]*/g, ''),
  (path) => path.replace(/%(?:3F|23).*$/, ''),
  (path) => path.split('/').map(trimEnds).join('/'),
  fitCharacters,
  dropUnseen,
];
