/** Spellings of a path that services read in more than one way, and which of them a path contains. */
import { countLookAlikes, plainer, trimEnds, withoutUnseen } from './look-alikes.ts';

/**
 * Spellings of a path that services read in more than one way. A path that contains one is refused, unless the matched route tolerates that
 * kind and forwards it unchanged.
 */
export const Ambiguity = {
  /** `%2F`: one segment to some services, two to others. */
  encodedSlash: 1,
  /** `;`: the start of path parameters that some services cut off. */
  semicolon: 2,
  /** `%25` and two hex digits: an escape to services that decode twice. */
  doubleEncoding: 4,
  /** Blanks at the ends of a segment and dots at its end, which some services remove. */
  ends: 8,
  /** Characters that some services map to plainer ones, or drop. */
  lookAlikes: 16,
  /** `%3F` and `%23`: the end of the path for services that search for it after decoding. */
  encodedEnd: 32,
} as const;

/** Names of people and files contain them, so every route tolerates them; their other readings are still checked. */
export const toleratedByAll: number = Ambiguity.ends | Ambiguity.lookAlikes | Ambiguity.encodedEnd;

/** More make a path costly to check, and no service needs them. */
const maxAmbiguous = 64;

/** Marks and letters that combine with others, as in file names of macOS: comparing many takes longer than reading the path. */
const maxCombining = 256;
const combining = /\p{M}/gu;

/** More marks on one letter occur in no language (UAX #15, Stream-Safe Text Format), and sorting them takes quadratic time. */
const manyMarks = /\p{M}{31}/u;

/** Searched after decoding: "%25%32%66" contains a second escape only once its digits are decoded. */
const encodedSlash = /%2F/g;
/** Some services decode before they search for path parameters (the class of CVE-2020-13933). */
const semicolon = /;|%3B/g;
const doubleEncoding = /%25(?=[0-9A-Fa-f]{2})/g;
const encodedEnd = /%3F|%23/g;

/** Escapes of an escape; deeper ones are not examined. */
const nested = /%25(?:25){3}/;

/**
 * Bits of `Ambiguity`. Null: too many to check, or a service may find a dot segment, which no route tolerates: one that decodes again, cuts
 * off the text after ";", "?" or "#", removes blanks, or reads compatible characters as plain ones (the classes of CVE-2026-42272 and
 * CVE-2020-5902). The cheap checks come first.
 */
export function ambiguitiesOf(segments: readonly string[]): number | null {
  const path = segments.join('/');
  let bits = 0;
  let count = 0;
  const mark = (bit: number, amount: number): boolean => {
    if (amount > 0) bits |= bit;
    count += amount;
    return count <= maxAmbiguous;
  };
  if (!mark(Ambiguity.semicolon, matches(path, semicolon))) return null;
  mark(
    Ambiguity.ends,
    segments.reduce((sum, segment) => sum + countTrimmed(segment), 0),
  );
  if (!path.includes('%')) return count > maxAmbiguous || hasDotSegment(path) ? null : bits;
  mark(Ambiguity.encodedSlash, matches(path, encodedSlash));
  mark(Ambiguity.doubleEncoding, matches(path, doubleEncoding));
  mark(Ambiguity.encodedEnd, matches(path, encodedEnd));
  if (count > maxAmbiguous || nested.test(path)) return null;
  const text = decodeURIComponent(path);
  if (manyMarks.test(text) || matches(text, combining) > maxCombining) return null;
  const plain = plainer(text);
  if (withoutUnseen(plain) !== text) {
    if (text.length - plain.length > maxCombining) return null;
    // Characters that are plain individually may still compose.
    bits |= Ambiguity.lookAlikes;
    if (!mark(Ambiguity.lookAlikes, countLookAlikes(text, maxAmbiguous + 1))) return null;
  }
  return hasDotSegment(plain.replace(blankOrUnseen, '')) ? null : bits;
}

function hasDotSegment(path: string): boolean {
  return path.includes('.') && path.split(slashes).some((part) => dotSegment.test(part));
}

/** Characters that some services trim, each of at most nine bytes. */
function countTrimmed(segment: string): number {
  return Math.ceil((segment.length - trimEnds(segment).length) / 9);
}

function matches(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

const dotSegment = /^(?:\.{1,2}(?:;|$)|\.\.[?#])/;
const blankOrUnseen = /[\s\u0085\p{Z}\p{Cf}]/gu;
const slashes = /[/\\]/;
