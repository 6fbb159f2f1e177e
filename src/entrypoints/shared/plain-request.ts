/**
 * Reads a plain request: HTTP/1.1, whole, alone in its bytes, without a body and without any header that changes how a
 * connection is read. It accepts only what fits one strict grammar, and says nothing about the rest: that goes to the
 * parser of Node, which decides what to refuse and how.
 */
import type { Socket } from 'node:net';
import type { ClientRequest } from '../../upstream/client-side.ts';

export const headEnd: Buffer = Buffer.from('\r\n\r\n');

/** RFC 9112 sections 3 and 5, narrower than both: origin form, no fragment, no folded line, no blank before a colon. */
const grammar =
  /^(?:GET|HEAD|DELETE|OPTIONS) \/[\x21\x22\x24-\x7e]* HTTP\/1\.1\r\n(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)+$/;

const requestLine = /^(?:GET|HEAD|DELETE|OPTIONS) \/[\x21\x22\x24-\x7e]* HTTP\/1\.1$/;

/** Everything behind the request line. Requests that have the same bytes there share one. */
export interface PlainHead {
  /** As received. */
  readonly block: string;
  readonly rawHeaders: readonly string[];
}

export class PlainRequest implements ClientRequest {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly head: PlainHead;
  readonly socket: Socket;
  readonly httpVersionMajor = 1;
  readonly httpVersionMinor = 1;
  readonly complete = true;
  readonly source = null;

  constructor(method: string, url: string, head: PlainHead, socket: Socket) {
    this.method = method;
    this.url = url;
    this.head = head;
    this.rawHeaders = head.rawHeaders;
    this.socket = socket;
  }
}

/** Null: it is none, or has more than `maxBytes`. `before`: of the request before it on the same connection. */
export function readPlainRequest(
  bytes: Buffer,
  maxBytes: number,
  socket: Socket,
  before: PlainHead | null = null,
): PlainRequest | null {
  const { length } = bytes;
  if (length > maxBytes) return null;
  const lineEnd = bytes.indexOf(0x0d);
  const start = lineEnd + 2;
  if (before !== null && length - start === before.block.length && bytes[lineEnd + 1] === 0x0a) {
    if (bytes.toString('latin1', start, length) === before.block) {
      const line = bytes.toString('latin1', 0, lineEnd);
      return requestLine.test(line) ? requestOf(line, before, socket) : null;
    }
  }
  if (bytes.indexOf(headEnd) !== length - 4) return null;
  const text = bytes.toString('latin1', 0, length - 2);
  if (!grammar.test(text)) return null;
  const rawHeaders: string[] = [];
  for (let at = start, end = 0; at < text.length; at = end + 2) {
    end = text.indexOf('\r\n', at);
    const colon = text.indexOf(':', at);
    const name = text.slice(at, colon);
    const value = trimmed(text, colon + 1, end);
    if (changesReading(name, value)) return null;
    rawHeaders.push(name, value);
  }
  const block = bytes.toString('latin1', start, length);
  return requestOf(text.slice(0, lineEnd), { block, rawHeaders }, socket);
}

function requestOf(line: string, head: PlainHead, socket: Socket): PlainRequest {
  const method = methodOf(line);
  return new PlainRequest(method, line.slice(method.length + 1, -' HTTP/1.1'.length), head, socket);
}

/** The one of the grammar. A word of the program and not of the request, since its hash is known wherever it is looked up. */
function methodOf(line: string): string {
  switch (line.charCodeAt(0)) {
    case 0x47:
      return 'GET';
    case 0x48:
      return 'HEAD';
    case 0x44:
      return 'DELETE';
    default:
      return 'OPTIONS';
  }
}

/** Lengths first: most names are dismissed without a new string. */
function changesReading(name: string, value: string): boolean {
  switch (name.length) {
    case 6:
      return name.toLowerCase() === 'expect';
    case 7: {
      const lower = name.toLowerCase();
      return lower === 'upgrade' || lower === 'trailer';
    }
    case 10:
      return name.toLowerCase() === 'connection' && value.toLowerCase() !== 'keep-alive';
    case 14:
      return name.toLowerCase() === 'content-length';
    case 16:
      return name.toLowerCase() === 'proxy-connection';
    case 17:
      return name.toLowerCase() === 'transfer-encoding';
    default:
      return false;
  }
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
