/**
 * The one reading of a path: matched, authorized and forwarded. RFC 3986 section 6.2.2: escapes of unreserved
 * characters decoded, hex upper-cased, dot segments removed; and slashes merged. What services are known to read
 * differently is refused, or marked for a route to tolerate (docs/concepts/paths.md).
 */
import type { ReasonCode } from '../outcome/reasons.ts';
import { isFitted, withoutBlanks } from './look-alikes.ts';

/**
 * Spellings of a path that services read in more than one way. A path that holds one is refused, unless the matched
 * route tolerates that kind and forwards it unchanged.
 */
export const Ambiguity = {
  /** `%2F`: one segment to some services, two to others. */
  encodedSlash: 1,
  /** `;`: the start of path parameters that some services cut off. */
  semicolon: 2,
  /** `%25` and two hex digits: an escape to services that decode twice. */
  doubleEncoding: 4,
  /** Blanks at the ends of a segment, which some services remove. */
  blanks: 8,
  /** Characters that some services fit into plainer ones. */
  fitted: 16,
} as const;

/** Names of people and files hold them, so every route tolerates them; their other readings are checked all the same. */
export const toleratedByAll: number = Ambiguity.blanks | Ambiguity.fitted;

export interface CanonicalPath {
  readonly path: string;
  /** The same with empty segments kept; null when it has none. */
  readonly unmerged: string | null;
  /** Bits of `Ambiguity`. */
  readonly ambiguities: number;
}

const PLAIN = 1;
const SLASH = 2;
const DOT = 3;
const ESCAPE = 4;
const SEMICOLON = 5;
const BACKSLASH = 6;
/** Printable, outside the `pchar` of RFC 3986 section 3.3: some clients send it raw, so it is escaped. */
const ESCAPED = 7;

const kinds = new Uint8Array(256);
for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~!$&'()*+,=:@") {
  kinds[char.charCodeAt(0)] = PLAIN;
}
for (const char of '"<>[]^`{|}') kinds[char.charCodeAt(0)] = ESCAPED;
kinds[0x2f] = SLASH;
kinds[0x2e] = DOT;
kinds[0x25] = ESCAPE;
kinds[0x3b] = SEMICOLON;
kinds[0x5c] = BACKSLASH;

const doubleEscape = /%25[0-9A-Fa-f]{2}/;
const unreserved = /^[A-Za-z0-9\-._~]$/;

/**
 * Reads a path that starts with "/" and holds no query. Reasons: `target_invalid` (control characters, raw bytes
 * beyond ASCII, broken escapes, escapes that are not UTF-8), `path_ambiguous` (backslash in any spelling, an escaped
 * dot segment, NUL).
 */
export function canonicalPath(path: string): CanonicalPath | ReasonCode {
  return isCanonical(path) ? { path, unmerged: null, ambiguities: 0 } : rewrite(path);
}

/** Whether nothing has to be read twice: the case of nearly every request, one look at each character. */
export function isCanonical(path: string): boolean {
  let afterSlash = false;
  const { length } = path;
  for (let i = 0; i < length; i += 1) {
    const kind = kinds[path.charCodeAt(i)];
    if (kind === PLAIN) {
      afterSlash = false;
    } else if (kind === SLASH) {
      if (afterSlash) return false;
      afterSlash = true;
    } else if (kind === DOT && !afterSlash) {
      // A dot inside a segment, such as "index.html".
    } else {
      return false;
    }
  }
  return path.charCodeAt(0) === 0x2f;
}

function rewrite(path: string): CanonicalPath | ReasonCode {
  if (path.charCodeAt(0) !== 0x2f) return 'target_invalid';
  const segments: string[] = [];
  // With empty segments, which a dot segment may take away too (RFC 3986 section 5.2.4).
  const unmerged: string[] | null = path.includes('//') ? [] : null;
  let ambiguities = 0;
  let directory = false;
  for (const raw of path.slice(1).split('/')) {
    directory = true;
    if (raw === '') unmerged?.push('');
    if (raw === '' || raw === '.') continue;
    if (raw === '..') {
      segments.pop();
      unmerged?.pop();
      continue;
    }
    const segment = readSegment(raw);
    if ('reason' in segment) return segment.reason;
    if (holdsDotSegment(segment.text)) return 'path_ambiguous';
    ambiguities |= segment.ambiguities;
    segments.push(segment.text);
    unmerged?.push(segment.text);
    directory = false;
  }
  const canonical = `/${segments.join('/')}${directory && segments.length > 0 ? '/' : ''}`;
  // The last empty one is the trailing slash; behind a dot segment there is none yet.
  if (directory && !path.endsWith('/')) unmerged?.push('');
  return { path: canonical, unmerged: unmerged === null ? null : `/${unmerged.join('/')}`, ambiguities };
}

function readSegment(raw: string): { text: string; ambiguities: number } | { reason: ReasonCode } {
  let text = '';
  let ambiguities = 0;
  for (let i = 0; i < raw.length; i += 1) {
    const code = raw.charCodeAt(i);
    const char = raw[i]!;
    switch (kinds[code]) {
      case PLAIN:
      case DOT:
        text += char;
        break;
      case SEMICOLON:
        ambiguities |= Ambiguity.semicolon;
        text += char;
        break;
      case ESCAPED:
        text += `%${code.toString(16).toUpperCase()}`;
        break;
      case BACKSLASH:
        return { reason: 'path_ambiguous' };
      case ESCAPE: {
        const read = readEscape(raw, i);
        if ('reason' in read) return read;
        text += read.text;
        ambiguities |= read.ambiguities;
        i += read.length - 1;
        break;
      }
      default:
        return { reason: 'target_invalid' };
    }
  }
  // Looked for in what was read: "%25%32%66" holds no second escape before its digits are decoded.
  if (doubleEscape.test(text)) ambiguities |= Ambiguity.doubleEncoding;
  if (withoutBlanks(text) !== text) ambiguities |= Ambiguity.blanks;
  if (isFitted(text)) ambiguities |= Ambiguity.fitted;
  return { text, ambiguities };
}

/**
 * Whether a service that decodes once more, cuts off what follows ";", "?" or "#", takes blanks away, or reads compatible
 * characters as plain ones (a full-width dot or slash) would find a dot segment: no route tolerates that (the classes of
 * CVE-2026-42272 and CVE-2020-5902).
 */
function holdsDotSegment(segment: string): boolean {
  if (!segment.includes('.') && !segment.includes('%E')) return false;
  if (!segment.includes('%')) return dotSegment.test(segment);
  // What was read so far holds valid escapes alone.
  const plain = decodeURIComponent(segment).normalize('NFKC').replace(unseen, '');
  return plain.split(slashes).some((part) => dotSegment.test(part));
}

const dotSegment = /^(?:\.{1,2}(?:;|$)|\.\.[?#])/;
/** Blanks, and characters that show nothing. */
const unseen = /[\s\p{Z}\p{Cf}]/gu;
/** With what is read as one where characters are fitted into fewer. */
const slashes = /[/\\\u2044\u2215]/;

type Escape = { text: string; length: number; ambiguities: number } | { reason: ReasonCode };

/** Reads one escape, or the run of escapes that makes one UTF-8 character. */
function readEscape(raw: string, at: number): Escape {
  const byte = hexByte(raw, at + 1);
  if (byte < 0) return { reason: 'target_invalid' };
  if (byte >= 0x80) return readUtf8(raw, at, byte);
  if (byte === 0x5c || byte === 0) return { reason: 'path_ambiguous' };
  if (byte < 0x20 || byte === 0x7f) return { reason: 'target_invalid' };
  const char = String.fromCharCode(byte);
  if (unreserved.test(char)) return { text: char, length: 3, ambiguities: 0 };
  const text = raw.slice(at, at + 3).toUpperCase();
  if (byte === 0x2f) return { text, length: 3, ambiguities: Ambiguity.encodedSlash };
  // Services are known to decode before they look for path parameters (the class of CVE-2020-13933).
  if (byte === 0x3b) return { text, length: 3, ambiguities: Ambiguity.semicolon };
  return { text, length: 3, ambiguities: 0 };
}

function readUtf8(raw: string, at: number, lead: number): Escape {
  const length = lead >= 0xf0 ? 12 : lead >= 0xe0 ? 9 : 6;
  const text = raw.slice(at, at + length);
  return isUtf8(text) ? { text: text.toUpperCase(), length, ambiguities: 0 } : { reason: 'target_invalid' };
}

/**
 * Overlong forms, surrogates and lone continuation bytes are none. The result is used: bundlers take a call for its
 * error alone to be without effect, and leave it out.
 */
function isUtf8(escapes: string): boolean {
  try {
    return decodeURIComponent(escapes) !== '';
  } catch {
    return false;
  }
}

/** Value of two hex digits at `at`, or -1. */
function hexByte(text: string, at: number): number {
  const high = hexDigit(text.charCodeAt(at));
  const low = hexDigit(text.charCodeAt(at + 1));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x41 && code <= 0x46) return code - 0x37;
  if (code >= 0x61 && code <= 0x66) return code - 0x57;
  return -1;
}
