/**
 * Reads the head of an answer out of its bytes, strictly: what two readers could read differently is no HTTP (RFC 9112
 * sections 2.2, 4, 5 and 6). The parser never repairs: no folded lines, no bare CR or LF, no blank before a colon, one
 * framing.
 */

/** How the body ends. */
export type Framing = 'none' | 'length' | 'chunked' | 'close';

export interface Head {
  readonly status: number;
  readonly statusText: string;
  /** Names as received and trimmed values in turn, bytes as Latin-1. */
  readonly rawHeaders: string[];
  readonly framing: Framing;
  /** Bytes of the body, with framing `length`. */
  readonly length: number;
  /** The service lets the connection go on. */
  readonly keepAlive: boolean;
  /** Milliseconds for which the service keeps an idle connection, if it says so (`Keep-Alive: timeout=5`); else 0. */
  readonly keepAliveMs: number;
}

/** Fields of a head at most. */
const maxFields = 1_000;
/** Control characters, and line ends that are not CR LF. */
const oddBytes = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|(?<!\r)\n/;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([^\r]*))?$/;
/** Without the leading zeros that some read as octal. */
const digits = /^(?:0|[1-9]\d{0,15})$/;
const keepAliveTimeout = /(?:^|[,; ])timeout=(\d{1,6})/i;

/** `text` is the head without its empty last line. Null: it is no HTTP. */
export function readHead(text: string, method: string): Head | null {
  if (oddBytes.test(text)) return null;
  let at = text.indexOf('\r\n');
  const start = statusLine.exec(at < 0 ? text : text.slice(0, at));
  if (start === null) return null;
  const status = Number(start[2]);
  const rawHeaders: string[] = [];
  let length = -1;
  let chunked = false;
  let keepAlive = start[1] === '1';
  let keepAliveMs = 0;
  while (at >= 0) {
    const next = text.indexOf('\r\n', at + 2);
    const end = next < 0 ? text.length : next;
    const colon = text.indexOf(':', at + 2);
    if (colon < 0 || colon >= end || rawHeaders.length >= 2 * maxFields) return null;
    const name = text.slice(at + 2, colon);
    if (!token.test(name)) return null;
    const value = trimmed(text, colon + 1, end);
    rawHeaders.push(name, value);
    at = next;
    switch (name.length) {
      case 10: {
        const lower = name.toLowerCase();
        if (lower === 'connection') {
          const options = value.toLowerCase();
          if (options.includes('close')) keepAlive = false;
          else if (start[1] === '0' && options.includes('keep-alive')) keepAlive = true;
        } else if (lower === 'keep-alive') {
          keepAliveMs = Number(keepAliveTimeout.exec(value)?.[1] ?? 0) * 1000;
        }
        break;
      }
      case 14:
        if (name.toLowerCase() !== 'content-length') break;
        // Twice is refused even when both agree (RFC 9112 section 6.3 allows either).
        if (length >= 0 || !digits.test(value)) return null;
        length = Number(value);
        if (!Number.isSafeInteger(length)) return null;
        break;
      case 17:
        if (name.toLowerCase() !== 'transfer-encoding') break;
        if (chunked || value.toLowerCase() !== 'chunked') return null;
        chunked = true;
        break;
    }
  }
  // Two framings, or one that the version does not know, are the marks of a smuggled answer (RFC 9112 section 6.1).
  if (chunked && (length >= 0 || start[1] === '0')) return null;
  const framing = framingOf(method, status, chunked, length);
  // A 204 that promises content (RFC 9110 section 8.6) may yet send it, in place of the next answer.
  if (framing === 'close' || (status === 204 && (chunked || length > 0))) keepAlive = false;
  return { status, statusText: start[3] ?? '', rawHeaders, framing, length, keepAlive, keepAliveMs };
}

/** RFC 9112 section 6.3. */
function framingOf(method: string, status: number, chunked: boolean, length: number): Framing {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return 'none';
  if (chunked) return 'chunked';
  if (length < 0) return 'close';
  return length === 0 ? 'none' : 'length';
}

/** Without the blanks around (RFC 9110 section 5.5): space and tab alone. */
function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
