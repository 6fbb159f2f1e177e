/** Parses the head of a response (RFC 9112 sections 4 and 6), including its body framing and connection options. */
import { isNamed, listHas, readFields, readLength } from './fields.ts';
import { faultInLine, fieldFault, type ResponseRule, statusLineFault } from './response-fault.ts';

/** How the body ends. */
export type Framing = 'none' | 'length' | 'chunked' | 'close';

export interface ResponseHead {
  readonly status: number;
  readonly statusText: string;
  /** Alternating names as received and trimmed values, bytes as Latin-1. */
  readonly rawHeaders: readonly string[];
  readonly framing: Framing;
  /** Bytes of the body, with framing `length`. */
  readonly length: number;
  /** Content is announced although none may follow (204, 304): a faulty server may still send it. */
  readonly announcesContent: boolean;
  /** The server keeps the connection open. */
  readonly keepAlive: boolean;
  /** Milliseconds for which the server keeps an idle connection, if it says so (`Keep-Alive: timeout=5`); otherwise 0. */
  readonly keepAliveMs: number;
}

const maxFields = 1_000;
const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
const keepAliveTimeout = /(?:^|[,; ])timeout=(\d{1,6})/i;

/** `bytes` is the head without the empty line after it; `method` is that of the request. A text: which rule it violates, and where. */
export function readResponseHead(bytes: Buffer, method: string): ResponseHead | string {
  const text = bytes.toString('latin1');
  const lineEnd = text.indexOf('\r\n');
  const line = text.slice(0, lineEnd);
  const start = statusLine.exec(line);
  if (start === null) return statusLineFault(line);
  const rawHeaders = readFields(bytes, text, lineEnd + 2);
  if (typeof rawHeaders === 'number') return fieldFault(bytes, rawHeaders);
  if (rawHeaders.length > 2 * maxFields) return faultInLine('field_count', maxFields + 2);
  const status = Number(start[2]);
  let length = -1;
  let chunked = false;
  let keepAlive = start[1] === '1';
  let keepAliveMs = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    const value = rawHeaders[i + 1]!;
    if (isNamed(name, 'connection')) {
      if (listHas(value, 'close')) keepAlive = false;
      else if (start[1] === '0' && listHas(value, 'keep-alive')) keepAlive = true;
    } else if (isNamed(name, 'keep-alive')) {
      keepAliveMs = Number(keepAliveTimeout.exec(value)?.[1] ?? 0) * 1000;
    } else if (isNamed(name, 'content-length')) {
      // A repeated length is refused even if both agree (RFC 9112 section 6.3 allows either).
      if (length >= 0) return faultInField('content_length', i);
      length = readLength(value);
      if (length < 0) return faultInField('content_length', i);
    } else if (isNamed(name, 'transfer-encoding')) {
      if (chunked || start[1] === '0' || !isNamed(value, 'chunked')) return faultInField('transfer_encoding', i);
      chunked = true;
    }
  }
  // Two framings, or one that the version does not support, indicate response smuggling (RFC 9112 section 6.1).
  if (chunked && length >= 0) return faultInField('one_framing', secondFraming(rawHeaders));
  const framing = framingOf(method, status, chunked, length);
  // The response to HEAD announces what GET would return (RFC 9110 section 9.3.2).
  const announcesContent = framing === 'none' && method !== 'HEAD' && (chunked || length > 0);
  if (framing === 'close') keepAlive = false;
  const statusText = start[3] ?? '';
  return { status, statusText, rawHeaders, framing, length, announcesContent, keepAlive, keepAliveMs };
}

/** `at`: the index of its name in the raw headers, which are one per line. */
function faultInField(rule: ResponseRule, at: number): string {
  return faultInLine(rule, at / 2 + 2);
}

function secondFraming(rawHeaders: readonly string[]): number {
  return rawHeaders.findLastIndex(
    (name, i) => i % 2 === 0 && (isNamed(name, 'content-length') || isNamed(name, 'transfer-encoding')),
  );
}

/** RFC 9112 section 6.3. */
function framingOf(method: string, status: number, chunked: boolean, length: number): Framing {
  if (!mayHaveBody(method, status)) return 'none';
  if (chunked) return 'chunked';
  if (length < 0) return 'close';
  return length === 0 ? 'none' : 'length';
}

/** Whether a response to this method with this status can have a body (RFC 9112 section 6.3). */
export function mayHaveBody(method: string, status: number): boolean {
  return method !== 'HEAD' && status >= 200 && status !== 204 && status !== 304;
}
