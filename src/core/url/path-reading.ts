/** How the service of a route reads paths, where that is not the ordinary way (docs/concepts/paths.md). */
import { canonicalPath } from './canonical-path.ts';
import type { RoutePattern } from './path-pattern.ts';

export interface PathReading {
  /** `%2F` is read as "/": matched, authorized and forwarded decoded. */
  readonly decodesSlash: boolean;
  /** False: empty segments are forwarded as they came. */
  readonly mergesSlashes: boolean;
  /**
   * Letter case does not count. The literals of the pattern, by position, as they are forwarded whatever their case in
   * the request; null where a position is no literal. Null: letter case counts.
   */
  readonly literals: readonly (string | null)[] | null;
  /** The service distinguishes letter case, so a route in another case claims nothing here. */
  readonly exactCase: boolean;
}

export interface PathReadingSource {
  readonly encodedSlash: 'reject' | 'keep' | 'decode';
  /** Null: unset. */
  readonly caseSensitive: boolean | null;
  readonly mergeSlashes: boolean;
}

/** Null for the ordinary reading. */
export function compilePathReading(source: PathReadingSource, pattern: RoutePattern): PathReading | null {
  const decodesSlash = source.encodedSlash === 'decode';
  if (!decodesSlash && source.mergeSlashes && source.caseSensitive === null) return null;
  return {
    decodesSlash,
    mergesSlashes: source.mergeSlashes,
    literals: source.caseSensitive === false ? literalsOf(pattern) : null,
    exactCase: source.caseSensitive === true,
  };
}

/** Whether the route says that its service ignores letter case. */
export function ignoresCase(reading: PathReading | null): boolean {
  return reading !== null && reading.literals !== null;
}

/** Whether the service may ignore letter case: true unless the route says that it does not. */
export function mayIgnoreCase(reading: PathReading | null): boolean {
  return reading === null || !reading.exactCase;
}

function literalsOf(pattern: RoutePattern): readonly (string | null)[] {
  const parts = pattern.path.slice(1).split('/');
  return pattern.segments.map((segment, index) => {
    if (segment.kind !== 'literal') return null;
    const read = canonicalPath(`/${parts[index]}`);
    return typeof read === 'string' ? null : read.path.slice(1);
  });
}

/**
 * Text in which letters that differ only in case are the same, as Unicode folds them: a service that ignores case may
 * take the long s for an s, or the Kelvin sign for a k. The first step makes the capital sharp s a small one, which has no single capital.
 */
export function foldCase(text: string): string {
  if (ascii.test(text)) return text.toLowerCase();
  return text.toLowerCase().toUpperCase().toLowerCase().replaceAll(dottedI, 'i');
}

/** Not as a literal: the bundle would contain the character, and one beyond Latin-1 doubles the memory of its whole file. */
const dottedI = String.fromCharCode(0x69, 0x307);
const ascii = /^[ -~]*$/;
