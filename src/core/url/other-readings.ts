/**
 * What else a service could read in a path whose ambiguous spellings a route keeps: `%2F` as "/", `;` as the start of
 * something to cut off, double escapes decoded once more, blanks at the ends taken away, characters fitted into plainer
 * ones, and all of these one after the other.
 */
import { canonicalPath } from './canonical-path.ts';
import { fitCharacters, withoutBlanks } from './look-alikes.ts';

/** A path with more of them is no honest one. */
const most = 16;
/** Nor is a long one that grows so many times: a single ligature can stand for eighteen letters. */
const mostGrowth = 4;
const short = 1024;

/** The other canonical paths, or null when one of them is no path that could be forwarded (a dot segment, a NUL), or there is no end to them. */
export function otherReadings(path: string): readonly string[] | null {
  const found = new Set([path]);
  // A set that grows is walked to its new end.
  for (const reading of found) {
    for (const change of changes) {
      const changed = change(reading);
      if (changed === reading) continue;
      if (changed.length > short + mostGrowth * path.length) return null;
      const read = canonicalPath(changed);
      if (typeof read === 'string') return null;
      found.add(read.path);
      if (found.size > most) return null;
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
  (path) => path.split('/').map(withoutBlanks).join('/'),
  fitCharacters,
];
