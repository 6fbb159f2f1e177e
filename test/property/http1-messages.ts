/**
 * Bytes for parsers of HTTP/1, as Latin-1 text: mostly well-formed messages, several per connection, with small faults
 * inserted, and the places where the bytes are split.
 */
import fc from 'fast-check';

/** The last message on every connection of requests: bytes left by the others show in it. */
export const sentinelRequest = 'GET /sentinel HTTP/1.1\r\nHost: last.test\r\n\r\n';

const methods = ['GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH', 'QUERY', 'M-SEARCH'];
const rareMethods = [
  'CONNECT',
  'PURGE',
  'SOURCE',
  'DESCRIBE',
  'PRI',
  'NEW',
  'get',
  'A'.repeat(32),
  'A'.repeat(33),
  'G(T',
];
const targets = ['/', '/a', '/a/b?c=d&e', '/%2e%2e/x', '*', 'http://a.test/x?y', 'https://a.test:8443/'];
const rareTargets = [
  'a',
  'a.test:443',
  '/a|b',
  '/"<>\\^`{}',
  '/a#b',
  '/caf\xe9',
  '//a',
  '?x',
  'ftp://a/',
  'http://',
  'http:///',
  ' /',
];
const versions = ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0'];
const rareVersions = [
  'HTTP/2.0',
  'HTTP/0.9',
  'RTSP/1.0',
  'ICE/1.0',
  'HTTP/1.2',
  'http/1.1',
  'HTTP/1.1 ',
  ' HTTP/1.1',
  'HTTP/11',
];
const plainFields = [
  'Accept: */*',
  'X-Empty:',
  'X-Blanks: \t b \t c\t ',
  'x-latin: caf\xe9\x80',
  'Cookie: a=b; c="d"',
  'cookie: e=f',
  "!#$%&'*+-.^_`|~: token",
  'Connection: keep-alive',
  'Connection: x-a, x-b',
  'Keep-Alive: timeout=5',
  'Trailer: X-Sum',
  'TE: trailers',
  'X-Long: '.padEnd(300, 'y'),
];
const rareFields = [
  'Connection: close',
  'Connection: x-a , Close',
  'Connection: closed',
  'Connection: keep-alive, close',
  'Proxy-Connection: close',
  'Proxy-Connection: keep-alive',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Upgrade: h2c',
  'Expect: 100-continue',
  'Expect: 100-Continue, x',
  'Expect: 200-ok',
  'Content-Length: 0',
  'Content-Length: 3',
  'Content-Length: 03',
  'Content-Length: +3',
  'Content-Length: 3, 3',
  'Content-Length: 0x3',
  'Content-Length: 3 3',
  'Content-Length:',
  'Content-Length: 9007199254740993',
  'Content-Length: 18446744073709551616',
  'Content_Length: 9',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: chunked, gzip',
  'Transfer-Encoding: gzip',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: "chunked"',
  'Transfer-Encoding: chunked;a=b',
  'Transfer-Encoding: ,chunked',
  'Transfer-Encoding:',
  'Transfer-Encoding : chunked',
  ' folded: x',
  '\tfolded',
  'no colon',
  ': no name',
  'X-A: b\x00c',
  'X-A: b\x01c',
  'X-A: b\x7fc',
  'X-A: b\rX-B: c',
  'X-A: b\nX-B: c',
  'X A: b',
  'X(A): b',
  'caf\xe9: b',
];

/** Common values, and a rare one at this percentage. */
const mostly = (common: readonly string[], rare: readonly string[], percent: number) =>
  fc.oneof(
    { weight: 100 - percent, arbitrary: fc.constantFrom(...common) },
    { weight: percent, arbitrary: fc.constantFrom(...rare) },
  );

const content = fc.constantFrom('', 'x', 'hello', '\r\n\r\n', '0\r\n\r\n', sentinelRequest, '\x00\xff', 'z'.repeat(70));
const sizeEnd = mostly(
  [''],
  [';a', ';a=b', ';a="b;\\"c"', ' ', '\t', ';', ';a="', ';\x01', ';a=b;c', ';a b', ';a="b\\'],
  25,
);
const spelledSize = (size: number) =>
  fc.constantFrom(size.toString(16), size.toString(16).toUpperCase(), `00${size.toString(16)}`);
const lineEnd = mostly(['\r\n'], ['\n', '\r', 'x\n', '\rx', '\r\r\n', 'x\r\n', ''], 3);
const chunk = fc
  .tuple(
    content.filter((text) => text !== ''),
    sizeEnd,
    lineEnd,
    lineEnd,
  )
  .chain(([text, end, ...ends]) => spelledSize(text.length).map((size) => `${size}${end}${ends[0]}${text}${ends[1]}`));
const trailers = mostly(
  [''],
  [
    'X-Sum: 1\r\n',
    'X-Sum: 1\r\nY:\r\n',
    'bad\r\n',
    ': x\r\n',
    'A: b\x01\r\n',
    ' A: b\r\n',
    'A : b\r\n',
    'Content-Length: 5\r\n',
  ],
  30,
);
const lastChunk = mostly(['0'], ['000', '0;a=b', '0 ', '-0', ''], 10);
const chunkedBody = fc
  .tuple(fc.array(chunk, { maxLength: 3 }), lastChunk, trailers)
  .map(([chunks, last, fields]) => `${chunks.join('')}${last}\r\n${fields}\r\n`);

/** A framing field and its body. */
const framedBody = fc.oneof(
  { weight: 3, arbitrary: fc.constant(['', ''] as const) },
  { weight: 3, arbitrary: content.map((text) => [`Content-Length: ${text.length}`, text] as const) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        mostly(['Transfer-Encoding: chunked', 'transfer-encoding:Chunked '], ['TRANSFER-ENCODING: CHUNKED\t'], 3),
        chunkedBody,
      )
      .map(([field, body]) => [field, body] as const),
  },
);

const fields = fc.tuple(fc.array(mostly(plainFields, rareFields, 6), { maxLength: 4 }), framedBody, fc.nat(4), lineEnd);

/** The fields with the framing field somewhere among them, and the body. */
const framedMessage = fields.map(([list, [framing, body], at, end]) => {
  const all = framing === '' ? list : list.toSpliced(Math.min(at, list.length), 0, framing);
  return { lines: all.map((line, index) => `${line}${index === at ? end : '\r\n'}`).join(''), body };
});

const emptyLines = mostly([''], ['\r\n', '\r\n\r\n', '\n', '\r', ' ', '\r\n'.repeat(8), '\r\n'.repeat(9)], 6);
const request = fc
  .tuple(
    emptyLines,
    mostly(methods, rareMethods, 5),
    mostly(targets, rareTargets, 6),
    mostly(versions, rareVersions, 3),
    framedMessage,
  )
  .map(
    ([before, method, target, version, { lines, body }]) =>
      `${before}${method} ${target} ${version}\r\nHost: a.test\r\n${lines}\r\n${body}`,
  );

const statusLines = [
  'HTTP/1.1 200 OK',
  'HTTP/1.1 200 ',
  'HTTP/1.1 404 Not Found',
  'HTTP/1.0 200 OK',
  'HTTP/1.1 500 caf\xe9',
];
const rareStatusLines = [
  'HTTP/1.1 200',
  'HTTP/1.1 204 No Content',
  'HTTP/1.1 304 Not Modified',
  'HTTP/1.1 101 Switching Protocols',
  'HTTP/1.1 205 Reset Content',
  'HTTP/1.1 999 x',
  'HTTP/1.1 099 x',
  'HTTP/1.1 20 x',
  'HTTP/1.1 2000 x',
  'HTTP/1.1  200 OK',
  'HTTP/1.1\t200 OK',
  'HTTP/1.1 200\tOK',
  'HTTP/1.1 200 O\tK',
  'HTTP/1.1 200 O\x01K',
  'HTTP/2.0 200 OK',
  'HTTP/0.9 200 OK',
  'http/1.1 200 OK',
  'RTSP/1.0 200 OK',
  'ICE/1.0 200 OK',
  'ICY 200 OK',
];
const interim = mostly(
  [''],
  ['HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n', 'HTTP/1.0 100 Continue\r\n\r\n'],
  20,
);
const response = fc
  .tuple(interim, mostly(statusLines, rareStatusLines, 20), framedMessage)
  .map(([before, status, { lines, body }]) => `${before}${status}\r\n${lines}\r\n${body}`);

interface Fault {
  readonly kind: 'flip' | 'insert' | 'remove' | 'repeat-line';
  /** Where, as a share of the text. */
  readonly at: number;
  readonly byte: string;
}

const bytes = [
  '\r',
  '\n',
  '\0',
  ' ',
  '\t',
  ':',
  ',',
  ';',
  '0',
  '1',
  '9',
  'a',
  'f',
  '-',
  '"',
  '\x7f',
  '\x80',
  '\r\n',
  '/',
];
const fault: fc.Arbitrary<Fault> = fc.record({
  kind: fc.constantFrom('flip', 'insert', 'remove', 'repeat-line'),
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  byte: fc.constantFrom(...bytes),
});

function withFault(text: string, { kind, at, byte }: Fault): string {
  const place = Math.floor(at * text.length);
  switch (kind) {
    case 'flip':
      return text.slice(0, place) + byte + text.slice(place + 1);
    case 'insert':
      return text.slice(0, place) + byte + text.slice(place);
    case 'remove':
      return text.slice(0, place) + text.slice(place + 1);
    case 'repeat-line': {
      const start = text.lastIndexOf('\n', place) + 1;
      const end = text.indexOf('\n', place);
      return end < 0 ? text : text.slice(0, end + 1) + text.slice(start);
    }
  }
}

const faults = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  { weight: 2, arbitrary: fc.array(fault, { maxLength: 2 }) },
);

/** Requests of one connection. */
export const requestBytes: fc.Arbitrary<string> = fc
  .tuple(fc.array(request, { minLength: 1, maxLength: 3 }), faults)
  .map(([all, wrong]) => wrong.reduce(withFault, all.join('')) + sentinelRequest);

/** What a service sends in response to one request. */
export const responseBytes: fc.Arbitrary<string> = fc
  .tuple(response, faults, mostly([''], ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!', '\r\n', 'x'], 20))
  .map(([one, wrong, more]) => wrong.reduce(withFault, one) + more);

/** Where the bytes are split, as shares of their length. */
export const cuts: fc.Arbitrary<readonly number[]> = fc.oneof(
  fc.constant([]),
  fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { maxLength: 8 }),
);

export function cutAt(text: string, shares: readonly number[]): readonly string[] {
  const places = shares.map((share) => Math.floor(share * text.length)).sort((a, b) => a - b);
  return [0, ...places].map((start, index) => text.slice(start, places[index])).filter((part) => part !== '');
}
