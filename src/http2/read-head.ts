/**
 * The head of a stream (RFC 9113 section 8.3) as the same request over HTTP/1.1, read by the one grammar of requests: what HTTP/1 would
 * refuse is refused here too. `nghttp2` has refused what only HTTP/2 forbids: other or repeated pseudo headers, names in upper case, headers
 * of a connection, and a length that the data contradict.
 */
import { type HeadFault, type RequestHead, readRequestHead } from '../http1/grammar/request-head.ts';

export interface StreamHead {
  readonly head: RequestHead;
  /** Why it is refused, regardless of its meaning; null: it is valid. */
  readonly fault: HeadFault | 'head_too_large' | null;
}

/** A proxy in front may report the scheme of its own client. */
const schemes: ReadonlySet<string> = new Set(['https', 'http']);

/** `fields`: alternating names and values, bytes as Latin-1. `ended`: no data follow. `maxBytes`: of the same head over HTTP/1.1. */
export function readHead(fields: readonly string[], ended: boolean, maxBytes: number): StreamHead {
  let method = '';
  let isHttp = true;
  let authority: string | null = null;
  let path: string | null = null;
  let host: string | null = null;
  let cookies = '';
  const others: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    if (name === ':method') method = value;
    else if (name === ':path') path = value;
    else if (name === ':authority') authority = value;
    else if (name === ':scheme') isHttp = schemes.has(value.toLowerCase());
    else if (name.startsWith(':')) continue;
    // Browsers send each cookie as a field of its own (RFC 9113 section 8.2.3).
    else if (name === 'cookie') cookies += cookies === '' ? value : `; ${value}`;
    else if (name === 'host' && host === null) host = value;
    else others.push(name, value);
  }
  const rawHeaders: string[] = [];
  if (authority !== null) rawHeaders.push('host', authority);
  // If they differ, both remain: a repeated Host is refused.
  if (host !== null && host.toLowerCase() !== authority?.toLowerCase()) rawHeaders.push('host', host);
  rawHeaders.push(...others);
  if (cookies !== '') rawHeaders.push('cookie', cookies);
  // CONNECT has no path.
  const target = path ?? authority ?? '';
  let text = `${method} ${target} HTTP/1.1\r\n`;
  for (let i = 0; i < rawHeaders.length; i += 2) text += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`;
  if (text.length + 2 > maxBytes) return refused(method, target, 'head_too_large');
  const head = isHttp ? readRequestHead(Buffer.from(text, 'latin1')) : 'malformed';
  if (typeof head === 'string') return refused(method, target, head);
  // A line end or a colon in a field would be read as another one.
  const isSame =
    head.method === method &&
    head.target === target &&
    head.rawHeaders.length === rawHeaders.length &&
    head.rawHeaders.every((part, index) => part === rawHeaders[index]);
  if (!isSame) return refused(method, target, 'malformed');
  const bodyLength = ended ? 0 : head.rawHeaders.some(isLength) ? head.bodyLength : -1;
  return { head: { ...head, bodyLength }, fault: null };
}

function isLength(text: string, index: number): boolean {
  return index % 2 === 0 && text === 'content-length';
}

function refused(method: string, target: string, fault: NonNullable<StreamHead['fault']>): StreamHead {
  const head = { method, target, minor: 1, rawHeaders: [], bodyLength: -1, keepAlive: true } as const;
  return { head: { ...head, expect: 'none', upgrade: 'none' }, fault };
}
