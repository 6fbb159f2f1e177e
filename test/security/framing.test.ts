/**
 * Framing (RFC 9112 section 6): a request whose end two parsers may see in different places is refused, and the
 * connection is closed. Each row hides a request where one of two lenient parsers would find it.
 */
import { expect } from 'vitest';
import { type Attack, attackSuite, request } from './support/attack-suite.ts';

const hidden = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
const size = hidden.length;
const chunk = `${size.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`;
const post = (headers: readonly string[], body: string) => request('POST /public/x', headers, body);
const refused = [400, 501, 'closed'] as const;

/** For a parser that uses the length, the hidden request is in the body; for one that uses chunks, after it. */
const behindChunks = (...headers: string[]) => post([...headers, `Content-Length: ${size + 5}`], `0\r\n\r\n${hidden}`);
/** The other way round. */
const behindLength = (...headers: string[]) => post(['Content-Length: 4', ...headers], chunk);

const smuggling: readonly (readonly [name: string, bytes: string])[] = [
  ['both framings, chunks end first: CVE-2019-15605', behindChunks('Transfer-Encoding: chunked')],
  ['both framings, length ends first: RFC 9112 section 6.3', behindLength('Transfer-Encoding: chunked')],
  ['coding with a space before the colon: CVE-2022-32215', behindChunks('Transfer-Encoding : chunked')],
  ['coding with a tab before the colon', behindChunks('Transfer-Encoding\t: chunked')],
  ['coding with a vertical tab in the value', behindChunks('Transfer-Encoding: \x0bchunked')],
  ['coding with a trailing form feed: CVE-2022-35256', behindChunks('Transfer-Encoding: chunked\x0c')],
  ['coding that only contains the word', behindChunks('Transfer-Encoding: xchunked')],
  ['coding that begins with the word', behindChunks('Transfer-Encoding: chunkedx')],
  ['coding in quotation marks', behindChunks('Transfer-Encoding: "chunked"')],
  ['coding folded: CVE-2022-32213', behindChunks('Transfer-Encoding:\r\n chunked')],
  ['coding folded after another: CVE-2022-32215', behindChunks('Transfer-Encoding: identity,\r\n chunked')],
  ['coding as the continuation of another header', behindChunks('X-A: b\r\n Transfer-Encoding: chunked')],
  ['coding after a bare LF: CVE-2022-32214', behindChunks('X-A: b\nTransfer-Encoding: chunked')],
  ['coding after a bare CR: CVE-2023-30589', behindLength('X-A: b\rTransfer-Encoding: chunked')],
  ['coding twice', behindChunks('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')],
  ['coding and identity: CVE-2020-8287', behindChunks('Transfer-Encoding: chunked', 'Transfer-Encoding: identity')],
  ['identity and coding', behindChunks('Transfer-Encoding: identity', 'Transfer-Encoding: chunked')],
  ['chunked before another coding', behindChunks('Transfer-Encoding: chunked, gzip')],
  ['chunked with a parameter', behindChunks('Transfer-Encoding: chunked;q=1')],
  ['chunked after an empty element', behindChunks('Transfer-Encoding: ,chunked')],
  ['coding with a NUL', behindChunks('Transfer-Encoding: chunked\x00')],
  ['coding with a no-break space', behindChunks('Transfer-Encoding:\xa0chunked')],
  ['coding after CR CR LF', behindChunks('X-A: b\r\r\nTransfer-Encoding: chunked')],
  ['coding with a NUL in its name', behindChunks('Transfer-Encoding\x00: chunked')],
  ['two lengths, the shorter first: CVE-2018-7159', post(['Content-Length: 0', `Content-Length: ${size}`], hidden)],
  ['two lengths, the longer first', post([`Content-Length: ${size}`, 'Content-Length: 0'], hidden)],
  ['a list of two lengths', post([`Content-Length: 0, ${size}`], hidden)],
  [
    'length with a space before the colon',
    post([`Content-Length : ${size}`], hidden).replace('\r\nHost', '\r\nContent-Length: 0\r\nHost'),
  ],
  ['length with hex digits after a zero', post(['Content-Length: 0x24'], hidden)],
  ['length with a minus sign: CVE-2021-40346', post(['Content-Length: -1'], hidden)],
  ['length with a decimal point', post(['Content-Length: 0.9'], hidden)],
  ['length with an exponent', post(['Content-Length: 0e5'], hidden)],
  ['length that is not a number', post(['Content-Length: all'], hidden)],
  ['length in quotation marks', post([`Content-Length: "${size}"`], hidden)],
  ['empty length: CVE-2023-40225', post(['Content-Length:'], hidden)],
  ['length of spaces', post(['Content-Length: \t '], hidden)],
  ['length in full-width digits', post(['Content-Length: \xef\xbc\x99'], hidden)],
  ['length with NUL', post(['Content-Length: 0\x00'], hidden)],
];

/** Also refused; a lenient parser's result varies. */
const malformed: readonly (readonly [name: string, bytes: string])[] = [
  ['length with a plus sign', post(['Content-Length: +5'], 'hello')],
  ['length in hex', post(['Content-Length: 0x5'], 'hello')],
  ['length with an underscore', post(['Content-Length: 1_0'], 'hellohello')],
  ['length beyond any limit', post([`Content-Length: ${'9'.repeat(30)}`], 'hello')],
  ['length of 2^64 + 5: wraps around', post(['Content-Length: 18446744073709551621'], 'hello')],
  ['the same length twice: CVE-2018-7159', post(['Content-Length: 5', 'Content-Length: 5'], 'hello')],
  ['length as a list of equal values', post(['Content-Length: 5, 5'], 'hello')],
  ['length followed by a space and another', post(['Content-Length: 5 5'], 'hello')],
  ['unknown coding', post(['Transfer-Encoding: gzip'], 'hello')],
  ['coding before chunked', post(['Transfer-Encoding: gzip, chunked'], '5\r\nhello\r\n0\r\n\r\n')],
  ['coding identity', post(['Transfer-Encoding: identity'], '')],
  ['empty coding', post(['Transfer-Encoding:'], '')],
  [
    'coding in HTTP/1.0: RFC 9112 section 6.1',
    post(['Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\n\r\n').replace('HTTP/1.1', 'HTTP/1.0'),
  ],
  ['both framings, empty', post(['Content-Length: 0', 'Transfer-Encoding: chunked'], '0\r\n\r\n')],
  ['bare LF as line ends', post(['Content-Length: 5'], 'hello').replaceAll('\r\n', '\n')],
  ['bare CR as line ends', post(['Content-Length: 5'], 'hello').replaceAll('\r\n', '\r')],
  ['headers that end with a bare LF', 'GET /public/x HTTP/1.1\r\nHost: a.test\r\n\n'],
  ['bytes of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'.padEnd(60, '\x00')],
  ['bytes of no protocol', '\x00\x01\x02\x03\r\n\r\n'],
];

const rows: Attack[] = [
  ...smuggling.map(([name, bytes]) => ({ name, bytes, status: refused, harm: 'hidden request' as const })),
  ...(
    [
      ['coding', behindChunks('Transfer_Encoding: chunked')],
      ['coding in capitals', behindChunks('TRANSFER_ENCODING: chunked')],
      ['length', post([`Content-Length: ${size}`, 'Content_Length: 0'], hidden)],
    ] as const
  ).map(([name, bytes]) => ({
    name: `${name} with an underscore in its name does not frame, and is not forwarded`,
    ...{ bytes, status: [200, ...refused], harm: 'hidden request' as const },
  })),
  ...malformed.map(([name, bytes]) => ({ name, bytes, status: refused, reaches: null })),
  {
    name: 'the header name in capitals is equivalent',
    bytes: post(['TRANSFER-ENCODING: chunked'], '5\r\nhello\r\n0\r\n\r\n'),
    ...{ status: 200, reaches: '/public/x' },
  },
  {
    name: 'chunked in capitals is chunked (RFC 9112 section 7), and framed again for the service',
    bytes: post(['Transfer-Encoding: CHUNKED'], '5\r\nhello\r\n0\r\n\r\n'),
    ...{ status: 200, reaches: '/public/x' },
    check: ({ upstream }) =>
      expect(upstream.received().join('')).toMatch(/content-length: 5\r\n(?:[^\r]+\r\n)*\r\nhello/),
  },
  ...['GET', 'HEAD', 'DELETE', 'OPTIONS'].map((method) => ({
    name: `the body of ${method} keeps its framing, by length`,
    bytes: request(`${method} /other`, [`Content-Length: ${size}`], hidden),
    ...{ status: [200, 400] },
  })),
  ...['GET', 'HEAD', 'DELETE', 'OPTIONS'].map((method) => ({
    name: `the body of ${method} keeps its framing, by chunks`,
    bytes: request(`${method} /other`, ['Transfer-Encoding: chunked'], chunk),
    ...{ status: [200, 400] },
  })),
];

attackSuite('framing', rows);
