/**
 * The deliberate differences between our parser of HTTP/1 and Node's strict parser, in two lists for each direction.
 * Every other difference is a bug.
 */
import { METHODS } from 'node:http';

/** Where two parsers of the same bytes disagree. */
export interface Parting {
  /** `node`: only Node accepts the bytes at `rest`. `ours`: only we do, or both do, differently. */
  readonly accepts: 'node' | 'ours';
  /** The previous message, and the bytes from the one on which the parsers disagree. */
  readonly before: string;
  readonly rest: string;
  /** Why the other parser refuses. */
  readonly end: string;
}

export interface Difference {
  readonly name: string;
  readonly reason: string;
  readonly explains: (parting: Parting) => boolean;
  /** Bytes that show it. */
  readonly example: string;
}

/** Interim responses, which precede the final one. */
const interim = /^(?:HTTP\/1\.[01] 1(?!01)\d\d[\s\S]*?\r\n\r\n)*/;
const head = (bytes: string) => /^[\r\n]*([\s\S]*?)(?:\r\n\r\n|$)/.exec(bytes.replace(interim, ''))![1]!;
const startLine = (bytes: string) => head(bytes).split('\r\n', 1)[0]!;
/** Values of the field, trimmed of spaces. */
const values = (bytes: string, name: string) =>
  head(bytes)
    .split('\r\n')
    .filter((line) => line.toLowerCase().startsWith(`${name}:`))
    .map((line) => line.slice(name.length + 1).replace(/^[ \t]+|[ ]+$/g, ''));
const isOtherCoding = (bytes: string) =>
  values(bytes, 'transfer-encoding').some((value) => value.trimEnd().toLowerCase() !== 'chunked');
const hasTabBehindChunked = (bytes: string) =>
  values(bytes, 'transfer-encoding').some((value) => /^chunked[ \t]*\t$/i.test(value));
const isLoneLineEnd = /^[\r\n]*(?:\r(?!\n)|(?<!\r)\n)/;
const otherVersion = /^(?:HTTP\/0\.9|HTTP\/2\.0|RTSP\/\d\.\d|ICE\/\d\.\d)/;
const line = (text: string, ...fields: string[]) => `${[text, 'Host: a', ...fields].join('\r\n')}\r\n\r\n`;

/** Framing differences, which both directions have. */
const framingOfNode = (start: string, start10: string, refusal: (ours: string) => string): readonly Difference[] => [
  {
    name: 'a transfer coding other than chunked',
    reason:
      'RFC 9112 section 6.1: a recipient refuses codings that it does not understand. Node reads any list that ends in chunked',
    explains: ({ rest, end }) => end === refusal('coding') && isOtherCoding(rest),
    example: `${line(start, 'Transfer-Encoding: gzip, chunked')}0\r\n\r\n`,
  },
  {
    name: 'a transfer coding in HTTP/1.0',
    reason: 'RFC 9112 section 6.1: such a message is to be treated as having faulty framing',
    explains: ({ rest, end }) =>
      end === refusal('coding') && startLine(rest).includes('HTTP/1.0') && values(rest, 'transfer-encoding').length > 0,
    example: `${line(start10, 'Transfer-Encoding: chunked')}0\r\n\r\n`,
  },
  {
    name: 'a transfer coding in two fields',
    reason: 'RFC 9112 section 6.1: chunked must not be applied twice, and parsers differ on which field counts',
    explains: ({ rest, end }) => end === refusal('framing') && values(rest, 'transfer-encoding').length > 1,
    example: `${line(start, 'Transfer-Encoding: gzip', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
  },
  {
    name: 'a length with leading zeros, or beyond 2^53 - 1',
    reason: 'RFC 9110 section 8.6: recipients must expect overflows; zeros are read as octal by some',
    explains: ({ rest, end }) =>
      end === refusal('framing') &&
      values(rest, 'content-length').some((value) => /^0\d+$/.test(value) || Number(value) > Number.MAX_SAFE_INTEGER),
    example: `${line(start, 'Content-Length: 01')}x`,
  },
  {
    name: 'a chunk size of more than twelve digits',
    reason: 'RFC 9112 section 7.1: recipients must guard against overflow; Node counts the value, not the digits',
    explains: ({ rest, end }) =>
      end === refusal('body malformed') &&
      values(rest, 'transfer-encoding').length > 0 &&
      /\r\n0[\da-fA-F]{12,}[\r;]/.test(rest),
    example: `${line(start, 'Transfer-Encoding: chunked')}0000000000000\r\n\r\n`,
  },
];

const framingOfOurs = (start: string): readonly Difference[] => [
  {
    name: 'spaces in chunk extensions, and text beyond ASCII in their quotation marks',
    reason: 'RFC 9112 section 7.1.1: spaces around ";" and "=" must be parsed, and quoted strings may contain obs-text',
    explains: ({ rest, end }) =>
      (end === 'HPE_STRICT' || end === 'HPE_INVALID_CHUNK_SIZE') && /\r\n[\da-fA-F]+;[^\r\n]*[\t \x80-\xff]/.test(rest),
    example: `${line(start, 'Transfer-Encoding: chunked')}1; a = b\r\nx\r\n0\r\n\r\n`,
  },
  {
    name: 'a framing field in trailers',
    reason: 'RFC 9110 section 6.5.1: trailers are not part of the head; ours are dropped, so they have no effect',
    explains: ({ rest, end }) =>
      /^HPE_(?:INVALID_CONTENT_LENGTH|INVALID_TRANSFER_ENCODING|UNEXPECTED_CONTENT_LENGTH)$/.test(end) &&
      /\r\n0+(?:;[^\r\n]*)?\r\n(?:[^\r\n]+\r\n)*(?:content-length|transfer-encoding):/i.test(rest),
    example: `${line(start, 'Transfer-Encoding: chunked')}0\r\nContent-Length: 5\r\n\r\n`,
  },
  {
    name: 'a tab after chunked',
    reason: 'RFC 9110 section 5.5: spaces and tabs around a value are not part of it. For Node it is another coding',
    explains: ({ rest }) => hasTabBehindChunked(rest),
    example: `${line(start, 'Transfer-Encoding: chunked\t')}0\r\n\r\n`,
  },
];

export const requestDifferences: Readonly<Record<Parting['accepts'], readonly Difference[]>> = {
  node: [
    ...framingOfNode('POST / HTTP/1.1', 'POST / HTTP/1.0', (ours) => ours),
    {
      name: 'another version, or another protocol',
      reason:
        'RFC 9112 section 2.3: only HTTP/1.0 and HTTP/1.1 are served; Node also reads HTTP/0.9, HTTP/2.0, RTSP and ICE',
      explains: ({ rest, end }) => end === 'malformed' && otherVersion.test(startLine(rest).split(/ +/)[2] ?? ''),
      example: line('GET / HTTP/2.0'),
    },
    {
      name: 'more than one space before the target',
      reason:
        'RFC 9112 section 3: a single space separates the parts; parsers that split at spaces disagree on the parts',
      explains: ({ rest, end }) => end === 'malformed' && /^\S+ {2,}\S+/.test(startLine(rest)),
      example: line('GET  / HTTP/1.1'),
    },
    {
      name: 'more than one space before the version',
      reason: 'RFC 9112 section 3: a single space separates the parts, here too',
      explains: ({ rest, end }) => end === 'malformed' && /^\S+ \S+ {2,}HTTP/.test(startLine(rest)),
      example: line('GET /  HTTP/1.1'),
    },
    {
      name: 'no version',
      reason:
        'RFC 9112 section 3: a request line ends with a version, and with CR LF. Node accepts a line without a version as HTTP/0.9, and ends it at a bare LF',
      explains: ({ rest, end }) => end === 'malformed' && /^\S+ +\S+ *(?:\n|$)/.test(startLine(rest)),
      example: line('GET /'),
    },
    {
      name: 'a bare CR or LF before a request line',
      reason: 'RFC 9112 section 2.2: the empty lines that a server should ignore end in CR LF',
      explains: ({ rest, end }) => end === 'malformed' && isLoneLineEnd.test(rest),
      example: `\n${line('GET / HTTP/1.1')}`,
    },
    {
      name: 'more than eight empty lines before a request line',
      reason: 'RFC 9112 section 2.2 requires one; without a bound, a connection is busy with nothing',
      explains: ({ rest, end }) => end === 'malformed' && rest.startsWith('\r\n'.repeat(9)),
      example: '\r\n'.repeat(9) + line('GET / HTTP/1.1'),
    },
    {
      name: 'a request after one that requested another protocol',
      reason:
        'RFC 9110 section 7.8: an upgrade that is ignored ends the connection, for what follows may be of that protocol',
      explains: ({ before, end }) => end === 'closed' && values(before, 'upgrade').length > 0,
      example: line('POST / HTTP/1.1', 'Upgrade: h2c', 'Content-Length: 0') + line('GET / HTTP/1.1'),
    },
    {
      name: 'a request after a body that an unknown expectation announced',
      reason: 'RFC 9110 section 10.1.1: without 100 Continue the client may send the body or not',
      explains: ({ before, end }) => end === 'closed' && !/^(?:100-continue)?$/i.test(values(before, 'expect').join()),
      example: `${line('POST / HTTP/1.1', 'Expect: 200-ok', 'Content-Length: 1')}x${line('GET / HTTP/1.1')}`,
    },
    {
      name: 'a request after keep-alive and close',
      reason: 'RFC 9112 section 9.3: close wins; for Node keep-alive does, in HTTP/1.0',
      explains: ({ before, end }) =>
        end === 'closed' &&
        [...values(before, 'connection'), ...values(before, 'proxy-connection')].some((value) =>
          /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i.test(value),
        ),
      example: line('GET / HTTP/1.0', 'Connection: keep-alive, close') + line('GET / HTTP/1.1'),
    },
  ],
  ours: [
    ...framingOfOurs('POST / HTTP/1.1'),
    {
      name: 'a method that Node does not support, or supports for other protocols',
      reason:
        'RFC 9110 section 9.1: a method is a token; which methods exist is decided by the policy, with 501 or 405',
      explains: ({ rest, end }) => {
        const method = startLine(rest).split(' ', 1)[0]!;
        const known = METHODS.includes(method) && method !== 'SOURCE';
        return !known && /^HPE_(?:INVALID_METHOD|INVALID_CONSTANT|INVALID_VERSION)$/.test(end);
      },
      example: line('NEW / HTTP/1.1'),
    },
    {
      name: 'a target in another form',
      reason: 'RFC 9112 section 3.2: the target is read once, by the core, which refuses what is no path',
      explains: ({ rest, end }) =>
        end === 'HPE_INVALID_URL' && /^\S+ [\x21-\x7e]+ HTTP\/1\.[01]$/.test(startLine(rest)),
      example: line('GET a HTTP/1.1'),
    },
    {
      name: 'a target with bytes beyond ASCII',
      reason: 'RFC 3986 section 2.5: UTF-8 is escaped; the core does it for clients that do not, and refuses the rest',
      explains: ({ rest, end }) =>
        end === 'HPE_INVALID_URL' &&
        /^\S+ [\x21-\x7e]*[\x80-\xff][\x21-\x7e\x80-\xff]* HTTP\/1\.[01]$/.test(startLine(rest)),
      example: line('GET /\xc3\xa9 HTTP/1.1'),
    },
  ],
};

export const responseDifferences: Readonly<Record<Parting['accepts'], readonly Difference[]>> = {
  node: [
    ...framingOfNode('HTTP/1.1 200 OK', 'HTTP/1.0 200 OK', () => 'response_invalid'),
    {
      name: 'another version, or another protocol',
      reason: 'RFC 9112 section 2.3: a request of HTTP/1.1 is answered in HTTP/1.x',
      explains: ({ rest }) => finalOrInterim(rest, (start) => otherVersion.test(start)),
      example: line('HTTP/2.0 200 OK'),
    },
    {
      name: 'control characters in a reason phrase',
      reason: 'RFC 9112 section 4: a reason phrase has blanks, visible characters and obs-text',
      explains: ({ rest }) => finalOrInterim(rest, (start) => /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(start)),
      example: line('HTTP/1.1 200 O\x01K'),
    },
    {
      name: 'a status below 100',
      reason: 'RFC 9110 section 15: a status is in the range from 100 to 599',
      explains: ({ rest }) => finalOrInterim(rest, (start) => /^HTTP\/1\.[01] 0\d\d/.test(start)),
      example: line('HTTP/1.1 099 x'),
    },
    {
      name: 'line ends before a status line',
      reason:
        'RFC 9112 section 2.2: only servers ignore empty lines; on a kept connection they are part of no response',
      explains: ({ rest }) => /^[\r\n]/.test(rest) || /\r\n\r\n[\r\n]+HTTP\//.test(rest),
      example: `\r\n${line('HTTP/1.1 200 OK')}`,
    },
    {
      name: 'a tab after chunked, and chunks that are malformed or end early',
      reason:
        'RFC 9110 section 5.5: they are chunks to us, and have to be whole. For Node the body ends with the connection',
      explains: ({ rest, end }) => (end === 'response_invalid' || end === 'closed') && hasTabBehindChunked(rest),
      example: `${line('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked\t')}x`,
    },
    {
      name: 'a 101 that was not requested',
      reason: 'RFC 9110 section 7.8: a server must not switch to a protocol that the client did not name',
      explains: ({ rest }) => finalOrInterim(rest, (start) => / 101\b/.test(start)),
      example: line('HTTP/1.1 101 Switching Protocols'),
    },
  ],
  ours: [
    ...framingOfOurs('HTTP/1.1 200 OK'),
    {
      name: 'an interim response of HTTP/1.0',
      reason:
        'RFC 9110 section 15.2: a client must parse interim responses even if it does not expect them. For Node, one of HTTP/1.0 ends the connection',
      explains: ({ rest, end }) =>
        end === 'HPE_CLOSED_CONNECTION' && /^(?:HTTP\/1\.1 1\d\d[\s\S]*?\r\n\r\n)*HTTP\/1\.0 1\d\d/.test(rest),
      example: `HTTP/1.0 100 Continue\r\n\r\n${line('HTTP/1.1 200 OK', 'Content-Length: 0')}`,
    },
  ],
};

/** Whether it applies to the status line of the response or of a preceding interim one. */
function finalOrInterim(bytes: string, holds: (start: string) => boolean): boolean {
  const heads = bytes.split('\r\n\r\n');
  const last = heads.findIndex((one) => !/^HTTP\/1\.1 1\d\d/.test(one));
  return heads.slice(0, last + 1).some((one) => holds(one.split('\r\n', 1)[0]!));
}
