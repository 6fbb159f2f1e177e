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

export class PlainRequest implements ClientRequest {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: string[];
  readonly socket: Socket;
  readonly httpVersionMajor = 1;
  readonly httpVersionMinor = 1;
  readonly complete = true;
  readonly source = null;

  constructor(method: string, url: string, rawHeaders: string[], socket: Socket) {
    this.method = method;
    this.url = url;
    this.rawHeaders = rawHeaders;
    this.socket = socket;
  }
}

/** Null: it is none, or has more than `maxBytes`. */
export function readPlainRequest(bytes: Buffer, maxBytes: number, socket: Socket): PlainRequest | null {
  const { length } = bytes;
  if (length > maxBytes || bytes.indexOf(headEnd) !== length - 4) return null;
  const text = bytes.toString('latin1', 0, length - 2);
  if (!grammar.test(text)) return null;
  const method = text.slice(0, text.indexOf(' '));
  let end = text.indexOf('\r\n');
  const url = text.slice(method.length + 1, end - ' HTTP/1.1'.length);
  const rawHeaders: string[] = [];
  for (let at = end + 2; at < text.length; at = end + 2) {
    end = text.indexOf('\r\n', at);
    const colon = text.indexOf(':', at);
    const name = text.slice(at, colon);
    const value = trimmed(text, colon + 1, end);
    if (changesReading(name, value)) return null;
    rawHeaders.push(name, value);
  }
  return new PlainRequest(method, url, rawHeaders, socket);
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
