/** Makes a path canonical, segment by segment and escape by escape. */
import type { ReasonCode } from '../outcome/reasons.ts';
import { ambiguitiesOf } from './ambiguity.ts';
import { BACKSLASH, DOT, ESCAPE, ESCAPED, kinds, PLAIN, SEMICOLON } from './path-characters.ts';

/** More make a path costly to check, and no service needs them. */
export const maxSegments = 256;

export interface CanonicalPath {
  readonly path: string;
  /** The same with empty segments kept; null if it has none. */
  readonly unmerged: string | null;
  /** Bits of `Ambiguity` of all written segments, including those that a dot segment removed. */
  readonly ambiguities: number;
}

const unreserved = /^[A-Za-z0-9\-._~]$/;

/** Like `canonicalPath`, for a path that is not yet canonical. */
export function canonicalize(path: string): CanonicalPath | ReasonCode {
  if (path.charCodeAt(0) !== 0x2f) return 'target_invalid';
  const parts = path.slice(1).split('/');
  if (parts.length > maxSegments) return 'target_too_long';
  const originals: string[] = [];
  const segments: string[] = [];
  // With empty segments, which a dot segment may remove too (RFC 3986 section 5.2.4).
  const unmerged: string[] | null = path.includes('//') ? [] : null;
  let directory = false;
  for (const part of parts) {
    directory = true;
    if (part === '') unmerged?.push('');
    if (part === '' || part === '.') continue;
    if (part === '..') {
      segments.pop();
      unmerged?.pop();
      continue;
    }
    const segment = readSegment(part);
    if (typeof segment !== 'string') return segment.reason;
    originals.push(segment);
    segments.push(segment);
    unmerged?.push(segment);
    directory = false;
  }
  const ambiguities = ambiguitiesOf(originals);
  if (ambiguities === null) return 'path_ambiguous';
  const canonical = `/${segments.join('/')}${directory && segments.length > 0 ? '/' : ''}`;
  // The last empty one is the trailing slash; after a dot segment there is none yet.
  if (directory && !path.endsWith('/')) unmerged?.push('');
  return { path: canonical, unmerged: unmerged === null ? null : `/${unmerged.join('/')}`, ambiguities };
}

function readSegment(raw: string): string | { reason: ReasonCode } {
  let text = '';
  for (let i = 0; i < raw.length; i += 1) {
    const code = raw.charCodeAt(i);
    const char = raw[i]!;
    switch (kinds[code]) {
      case PLAIN:
      case DOT:
      case SEMICOLON:
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
        i += read.length - 1;
        break;
      }
      default:
        return { reason: 'target_invalid' };
    }
  }
  return text;
}

type Escape = { text: string; length: number } | { reason: ReasonCode };

/** Reads one escape, or the run of escapes of one UTF-8 character. */
function readEscape(raw: string, at: number): Escape {
  const byte = hexByte(raw, at + 1);
  if (byte < 0) return { reason: 'target_invalid' };
  if (byte >= 0x80) return readUtf8(raw, at, byte);
  if (byte === 0x5c || byte === 0) return { reason: 'path_ambiguous' };
  if (byte < 0x20 || byte === 0x7f) return { reason: 'target_invalid' };
  const char = String.fromCharCode(byte);
  if (unreserved.test(char)) return { text: char, length: 3 };
  return { text: raw.slice(at, at + 3).toUpperCase(), length: 3 };
}

function readUtf8(raw: string, at: number, lead: number): Escape {
  const length = lead >= 0xf0 ? 12 : lead >= 0xe0 ? 9 : 6;
  const text = raw.slice(at, at + length);
  return isUtf8(text) ? { text: text.toUpperCase(), length } : { reason: 'target_invalid' };
}

/**
 * Overlong forms, surrogates and lone continuation bytes are not UTF-8. The result is used, because a bundler removes a call made only for
 * its error.
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
