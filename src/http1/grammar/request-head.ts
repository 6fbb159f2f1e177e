/** Parses the head of a request (RFC 9112 sections 3 and 6), including its body framing and connection options. */
import { isNamed, listHas, readFields, readLength } from './fields.ts';

export interface RequestHead {
  readonly method: string;
  /** As received: origin form, absolute form, or any other text. */
  readonly target: string;
  /** Minor version: HTTP/1.0 or HTTP/1.1. */
  readonly minor: 0 | 1;
  /** Alternating names as received and trimmed values, bytes as Latin-1. */
  readonly rawHeaders: readonly string[];
  /** Bytes of the body: 0 without one, -1 if it is chunked. */
  readonly bodyLength: number;
  /** Whether the client keeps the connection open after the response. */
  readonly keepAlive: boolean;
  /** `continue`: the client waits for 100 before it sends the body. `unknown`: an expectation that has no meaning. */
  readonly expect: 'none' | 'continue' | 'unknown';
  /** `websocket`: a request for a WebSocket (RFC 6455). `other`: another `Upgrade`, which is ignored. */
  readonly upgrade: 'none' | 'websocket' | 'other';
}

/**
 * Why a head is refused. `malformed`: not HTTP. `framing`: a repeated or malformed length or coding, or both together. `coding`: a transfer
 * coding other than `chunked`, or one in HTTP/1.0. `http2`: the preface of HTTP/2 with prior knowledge (RFC 9113 section 3.4).
 */
export type HeadFault = 'malformed' | 'framing' | 'coding' | 'http2';

/**
 * Any method token of up to 32 characters is HTTP; the supported methods are not checked here. Some clients send bytes beyond ASCII in a
 * target, though it has none (RFC 3986 section 2); what they mean is not decided here.
 */
const requestLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}) ([\x21-\x7e\x80-\xff]+) HTTP\/1\.([01])$/;

/** `bytes` is the head without the empty line after it. */
export function readRequestHead(bytes: Buffer): RequestHead | HeadFault {
  const text = bytes.toString('latin1');
  const lineEnd = text.indexOf('\r\n');
  const line = text.slice(0, lineEnd);
  const start = requestLine.exec(line);
  if (start === null) return line === 'PRI * HTTP/2.0' ? 'http2' : 'malformed';
  const rawHeaders = readFields(bytes, text, lineEnd + 2);
  if (typeof rawHeaders === 'number') return 'malformed';

  const method = start[1]!;
  const minor = start[3] === '1' ? 1 : 0;
  let length = -1;
  let coding: string | null = null;
  let close = false;
  let keepAlive = false;
  let upgradeListed = false;
  let upgrade: string | null = null;
  let expect: RequestHead['expect'] = 'none';
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    const value = rawHeaders[i + 1]!;
    if (isNamed(name, 'expect')) {
      expect = expect === 'none' && isNamed(value, '100-continue') ? 'continue' : 'unknown';
    } else if (isNamed(name, 'upgrade')) {
      upgrade = upgrade === null ? value.toLowerCase() : 'repeated';
    } else if (isNamed(name, 'connection') || isNamed(name, 'proxy-connection')) {
      if (listHas(value, 'close')) close = true;
      if (listHas(value, 'keep-alive')) keepAlive = true;
      if (isNamed(name, 'connection') && listHas(value, 'upgrade')) upgradeListed = true;
    } else if (isNamed(name, 'content-length')) {
      // A repeated length is refused even if both agree (RFC 9112 section 6.3 allows either).
      if (length >= 0) return 'framing';
      length = readLength(value);
      if (length < 0) return 'framing';
    } else if (isNamed(name, 'transfer-encoding')) {
      if (coding !== null) return 'framing';
      coding = value.toLowerCase();
    }
  }
  // A length together with a coding indicates request smuggling (RFC 9112 section 6.1).
  if (coding !== null && length >= 0) return 'framing';
  if (coding !== null && (coding !== 'chunked' || minor === 0)) return 'coding';
  const bodyLength = coding !== null ? -1 : Math.max(0, length);
  return {
    method,
    target: start[2]!,
    minor,
    rawHeaders,
    bodyLength,
    // The bytes after CONNECT are not HTTP.
    keepAlive: !close && (minor === 1 || keepAlive) && method !== 'CONNECT' && upgrade === null,
    // RFC 9110 section 10.1.1: HTTP/1.0 has no expectations.
    expect: minor === 0 ? 'none' : expect,
    upgrade:
      upgrade === null
        ? 'none'
        : // With a body it is not a WebSocket: the bytes of the body would be read as the tunnel's.
          upgrade === 'websocket' && upgradeListed && method === 'GET' && minor === 1 && bodyLength === 0
          ? 'websocket'
          : 'other',
  };
}
