/**
 * Other readings of a path whose ambiguous spellings a route tolerates: `%2F` as "/", `;` as the start of path parameters, `%3F` and `%23`
 * as the end of the path, double escapes decoded again, ends of segments trimmed, characters mapped to plainer ones or dropped, and any
 * sequence of these.
 */
import { canonicalPath } from './canonical-path.ts';
import { dropUnseen, fitCharacters, trimEnds } from './look-alikes.ts';

/** Maximum number of readings of a path, and of their characters together. */
const maxReadings = 16;
const maxCharacters = 32_768;

/**
 * The other canonical paths. Null if one of them could not be forwarded (a dot segment, a NUL), or if there are too many: each costs as
 * much as the path itself, and a single ligature can expand to eighteen letters.
 */
export function otherReadings(path: string): readonly string[] | null {
  const readings = new Set([path]);
  let characters = 0;
  // Readings that are added while the set is iterated are visited too.
  for (const reading of readings) {
    for (const change of changes) {
      const changed = change(reading);
      if (changed === reading) continue;
      characters += changed.length;
      if (characters > maxCharacters) return null;
      const read = canonicalPath(changed);
      if (typeof read === 'string') return null;
      readings.add(read.path);
      if (readings.size > maxReadings) return null;
    }
  }
  readings.delete(path);
  return [...readings];
}

/** `%2F` as "/". `canonicalPath` has refused dot segments next to one, so none appears. */
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
