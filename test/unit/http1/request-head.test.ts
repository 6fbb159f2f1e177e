/** The head of a request: what is parsed, and what is refused because two parsers could disagree. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { readRequestHead } from '../../../src/http1/grammar/request-head.ts';

const get = 'GET /a HTTP/1.1';
const get10 = 'GET /a HTTP/1.0';
const post = 'POST /a HTTP/1.1';

const readHead = (text: string) => readRequestHead(Buffer.from(`${text}\r\n`, 'latin1'));

describe('a valid head', () => {
  it.each<[string, string[], object]>([
    ['without fields', [get], { method: 'GET', target: '/a', minor: 1, rawHeaders: [], bodyLength: 0 }],
    ['of HTTP/1.0', [get10], { minor: 0, keepAlive: false }],
    ['with an unusual method', ["!#$%&'*+-.^_`|~9aZ / HTTP/1.1"], { method: "!#$%&'*+-.^_`|~9aZ" }],
    ['with a method of 32 characters', [`${'M'.repeat(32)} / HTTP/1.1`], { method: 'M'.repeat(32) }],
    ['in absolute form', ['GET http://a/b?c HTTP/1.1'], { target: 'http://a/b?c' }],
    ['in asterisk form', ['OPTIONS * HTTP/1.1'], { target: '*' }],
    ['with bytes beyond ASCII in the target', ['GET /caf\xe9 HTTP/1.1'], { target: '/caf\xe9' }],
    ['with a target in another form', ['GET a|b"#c HTTP/1.1'], { target: 'a|b"#c' }],
    ['with spaces around a value', [get, 'A: \t b c \t'], { rawHeaders: ['A', 'b c'] }],
    ['with an empty value', [get, 'A:'], { rawHeaders: ['A', ''] }],
    ['with bytes beyond ASCII in a value', [get, 'A: caf\xe9'], { rawHeaders: ['A', 'caf\xe9'] }],
    ['with NBSP around a value', [get, 'A: \xa0b\xa0'], { rawHeaders: ['A', '\xa0b\xa0'] }],
    ['with a colon in a value', [get, 'A: b: c'], { rawHeaders: ['A', 'b: c'] }],
    ['with a repeated name', [get, 'A: 1', 'a: 2'], { rawHeaders: ['A', '1', 'a', '2'] }],

    ['with a length', [post, 'content-length: 5'], { bodyLength: 5 }],
    ['with length zero', [post, 'Content-Length: 0'], { bodyLength: 0 }],
    ['with the largest length', [post, 'Content-Length: 9007199254740991'], { bodyLength: 9007199254740991 }],
    ['with a length under a similar name', [post, 'Content_Length: 5'], { bodyLength: 0 }],
    ['with chunks', [post, 'Transfer-Encoding: Chunked '], { bodyLength: -1 }],

    ['that keeps the connection open', [get], { keepAlive: true }],
    ['that closes', [get, 'Connection: close'], { keepAlive: false }],
    ['that closes, in a list', [get, 'Connection: x , Close\t, y'], { keepAlive: false }],
    ['that closes, in a second field', [get, 'Connection: x', 'Connection: close'], { keepAlive: false }],
    ['that closes, in Proxy-Connection', [get, 'Proxy-Connection: close'], { keepAlive: false }],
    ['that lists a word similar to close', [get, 'Connection: closed, not-close'], { keepAlive: true }],
    ['of HTTP/1.0 that goes on', [get10, 'Connection: x, Keep-Alive'], { keepAlive: true }],
    ['of HTTP/1.0 that closes all the same', [get10, 'Connection: keep-alive, close'], { keepAlive: false }],
    ['of CONNECT, after which HTTP ends', ['CONNECT a:1 HTTP/1.1'], { keepAlive: false }],

    ['without an expectation', [post], { expect: 'none' }],
    ['that waits for 100', [post, 'Expect: 100-Continue'], { expect: 'continue' }],
    ['of HTTP/1.0 that waits for 100', ['POST / HTTP/1.0', 'Expect: 100-continue'], { expect: 'none' }],
    ['with another expectation', [post, 'Expect: 200-ok'], { expect: 'unknown' }],
    ['with two expectations', [post, 'Expect: 100-continue', 'Expect: 100-continue'], { expect: 'unknown' }],
    ['with a list of expectations', [post, 'Expect: 100-continue, x'], { expect: 'unknown' }],

    ['without an upgrade', [get, 'Connection: Upgrade'], { upgrade: 'none', keepAlive: true }],
    [
      'for a WebSocket',
      [get, 'Connection: keep-alive, Upgrade', 'Upgrade: WebSocket'],
      { upgrade: 'websocket', keepAlive: false },
    ],
    ['for HTTP/2', [get, 'Connection: Upgrade', 'Upgrade: h2c'], { upgrade: 'other', keepAlive: false }],
    ['for a WebSocket that Connection does not list', [get, 'Upgrade: websocket'], { upgrade: 'other' }],
    ['for a WebSocket, with POST', [post, 'Connection: Upgrade', 'Upgrade: websocket'], { upgrade: 'other' }],
    ['for a WebSocket, in HTTP/1.0', [get10, 'Connection: Upgrade', 'Upgrade: websocket'], { upgrade: 'other' }],
    [
      'for a WebSocket, with a body',
      [get, 'Connection: Upgrade', 'Upgrade: websocket', 'Content-Length: 1'],
      { upgrade: 'other' },
    ],
    [
      'for two protocols',
      [get, 'Connection: Upgrade', 'Upgrade: websocket', 'Upgrade: websocket'],
      { upgrade: 'other' },
    ],
  ])('%s', (_name, lines, expected) => {
    expect(readHead(lines.join('\r\n'))).toMatchObject(expected);
  });
});

describe('a refused head', () => {
  it.each([
    ['nothing', '', 'malformed'],
    ['no version', 'GET /', 'malformed'],
    ['HTTP/0.9', 'GET / HTTP/0.9', 'malformed'],
    ['HTTP/1.2', 'GET / HTTP/1.2', 'malformed'],
    ['HTTP/2', 'GET / HTTP/2.0', 'malformed'],
    ['another protocol', 'DESCRIBE / RTSP/1.0', 'malformed'],
    ['a lower-case version', 'GET / http/1.1', 'malformed'],
    ['a leading space', ' GET / HTTP/1.1', 'malformed'],
    ['a trailing space', 'GET / HTTP/1.1 ', 'malformed'],
    ['two spaces before the target', 'GET  / HTTP/1.1', 'malformed'],
    ['two spaces after the target', 'GET /  HTTP/1.1', 'malformed'],
    ['a space in the target', 'GET /a b HTTP/1.1', 'malformed'],
    ['a tab instead of a space', 'GET\t/ HTTP/1.1', 'malformed'],
    ['no target', 'GET HTTP/1.1', 'malformed'],
    ['a method of 33 characters', `${'M'.repeat(33)} / HTTP/1.1`, 'malformed'],
    ['a method that is not a token', 'G(T / HTTP/1.1', 'malformed'],
    ['the HTTP/2 preface', 'PRI * HTTP/2.0', 'http2'],

    ['a line without a colon', `${get}\r\nabc`, 'malformed'],
    ['an empty name', `${get}\r\n: x`, 'malformed'],
    ['a space before the colon', `${get}\r\nContent-Length : 5`, 'malformed'],
    ['a folded line', `${get}\r\nA: b\r\n c: d`, 'malformed'],
    ['a field with a leading space', `${get}\r\n A: b`, 'malformed'],
    ['a name that is not a token', `${get}\r\nA(b): c`, 'malformed'],
    ['a name beyond ASCII', `${get}\r\ncaf\xe9: c`, 'malformed'],
    ['a NUL', `${get}\r\nA: b\0c`, 'malformed'],
    ['a control character', `${get}\r\nA: b\x0bc`, 'malformed'],
    ['DEL', `${get}\r\nA: b\x7fc`, 'malformed'],
    ['a bare CR', `${get}\r\nA: b\rX: y`, 'malformed'],
    ['a bare LF', `${get}\r\nA: b\nX: y`, 'malformed'],
    ['a bare LF after the request line', `${get}\nA: b`, 'malformed'],
    ['a trailing CR', `${get}\r\nA: b\r`, 'malformed'],

    ['two lengths', `${post}\r\nContent-Length: 5\r\nContent-Length: 6`, 'framing'],
    ['a repeated length', `${post}\r\nContent-Length: 5\r\ncontent-length: 5`, 'framing'],
    ['a list of lengths', `${post}\r\nContent-Length: 5, 5`, 'framing'],
    ['a length with a sign', `${post}\r\nContent-Length: +5`, 'framing'],
    ['a negative length', `${post}\r\nContent-Length: -0`, 'framing'],
    ['a length with leading zeros', `${post}\r\nContent-Length: 05`, 'framing'],
    ['a length in hex', `${post}\r\nContent-Length: 0x5`, 'framing'],
    ['a length with an exponent', `${post}\r\nContent-Length: 5e0`, 'framing'],
    ['an empty length', `${post}\r\nContent-Length:`, 'framing'],
    ['a length beyond 2^53', `${post}\r\nContent-Length: 9007199254740992`, 'framing'],
    ['chunks and a length', `${post}\r\nTransfer-Encoding: chunked\r\nContent-Length: 5`, 'framing'],
    ['a length and chunks', `${post}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked`, 'framing'],
    ['chunked twice', `${post}\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked`, 'framing'],
    ['chunked twice in a list', `${post}\r\nTransfer-Encoding: chunked, chunked`, 'coding'],
    ['another coding first', `${post}\r\nTransfer-Encoding: gzip, chunked`, 'coding'],
    ['another coding', `${post}\r\nTransfer-Encoding: identity`, 'coding'],
    ['an empty coding', `${post}\r\nTransfer-Encoding:`, 'coding'],
    ['chunked with a parameter', `${post}\r\nTransfer-Encoding: chunked;q=1`, 'coding'],
    ['chunked after NBSP', `${post}\r\nTransfer-Encoding: \xa0chunked`, 'coding'],
    ['chunks in HTTP/1.0', 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked', 'coding'],
  ])('%s', (_name, text, fault) => {
    expect(readHead(text)).toBe(fault);
  });
});

test('parsing never throws, and its result consists of complete pairs of tokens and single-line values', () => {
  const piece = fc.constantFrom('GET / HTTP/1.1', '\r\n', '\r', '\n', ':', ' ', '\t', 'A', 'content-length', '5', 'é');
  let read = 0;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const head = readHead(`${get}${pieces.join('')}`);
      if (typeof head === 'string') return;
      read += 1;
      expect(head.rawHeaders.length % 2).toBe(0);
      expect(head.rawHeaders.some((text) => /[\r\n]/.test(text))).toBe(false);
    }),
    { numRuns: 5_000 },
  );
  expect(read).toBeGreaterThan(100);
});
