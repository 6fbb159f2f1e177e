/** Plain requests: what is read as one, and what is left to the parser of Node. */
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type PlainHead, readPlainRequest } from '../../../src/entrypoints/shared/plain-request.ts';

const socket = new Socket();
const read = (text: string, maxBytes = 16_384, before: PlainHead | null = null) =>
  readPlainRequest(Buffer.from(text, 'latin1'), maxBytes, socket, before);
const get = (...lines: string[]) => `${['GET /a HTTP/1.1', 'Host: a', ...lines].join('\r\n')}\r\n\r\n`;

describe('a plain request', () => {
  it.each<[string, string, string, string, string[]]>([
    ['the usual', get(), 'GET', '/a', ['Host', 'a']],
    ['HEAD', 'HEAD / HTTP/1.1\r\nhost: a\r\n\r\n', 'HEAD', '/', ['host', 'a']],
    ['DELETE', 'DELETE /x HTTP/1.1\r\nHost: a\r\n\r\n', 'DELETE', '/x', ['Host', 'a']],
    ['OPTIONS', 'OPTIONS /x HTTP/1.1\r\nHost: a\r\n\r\n', 'OPTIONS', '/x', ['Host', 'a']],
    ['a query and escapes', 'GET /a%2fb?c=d"&e HTTP/1.1\r\nHost: a\r\n\r\n', 'GET', '/a%2fb?c=d"&e', ['Host', 'a']],
    ['blanks around a value', get('A: \t b c \t'), 'GET', '/a', ['Host', 'a', 'A', 'b c']],
    ['an empty value', get('A:', 'B:  '), 'GET', '/a', ['Host', 'a', 'A', '', 'B', '']],
    ['bytes beyond ASCII', get('A: caf\xe9'), 'GET', '/a', ['Host', 'a', 'A', 'caf\xe9']],
    ['colons in a value', get('A: b: c'), 'GET', '/a', ['Host', 'a', 'A', 'b: c']],
    ['names twice', get('A: 1', 'a: 2'), 'GET', '/a', ['Host', 'a', 'A', '1', 'a', '2']],
    ['keep-alive', get('Connection: Keep-Alive'), 'GET', '/a', ['Host', 'a', 'Connection', 'Keep-Alive']],
  ])('%s', (_name, text, method, url, rawHeaders) => {
    expect(read(text)).toMatchObject({ method, url, rawHeaders, complete: true, source: null });
  });
});

describe('behind another request', () => {
  const { head } = read(get('A: b'))!;

  it('with the same headers it has the same array', () => {
    const next = read('DELETE /b?c HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n', 16_384, head);
    expect(next).toMatchObject({ method: 'DELETE', url: '/b?c', rawHeaders: ['Host', 'a', 'A', 'b'] });
    expect(next!.rawHeaders).toBe(head.rawHeaders);
  });

  it.each([
    ['another value', get('A: c')],
    ['another name', get('B: b')],
    ['another spelling', get('a: b')],
    ['one line more', get('A: b', 'C: d')],
    ['one line less', get()],
  ])('with %s it is read anew', (_name, text) => {
    const next = read(text, 16_384, head);
    expect(next).toMatchObject({ rawHeaders: read(text)!.rawHeaders });
  });

  it.each([
    ['an absolute target', 'GET http://b/a HTTP/1.1'],
    ['another method', 'POST /a HTTP/1.1'],
    ['another version', 'GET /a HTTP/1.0'],
    ['a fragment', 'GET /a#b HTTP/1.1'],
    ['a bare LF in the line', 'GET /a HTTP/1.1\nB: c'],
    ['a header in the line', 'GET /a HTTP/1.1\r\nB: c'],
    ['a bare CR in the line', 'GET /a\rb HTTP/1.1'],
    ['nothing in front', ''],
  ])('with the same headers and %s it is what it is without', (_name, line) => {
    const text = `${line}\r\nHost: a\r\nA: b\r\n\r\n`;
    expect(read(text, 16_384, head)?.rawHeaders).toEqual(read(text)?.rawHeaders);
  });

  it('longer than allowed it is left to the parser of Node', () => {
    expect(read(get('A: b'), 20, head)).toBeNull();
  });
});

describe('left to the parser of Node', () => {
  it.each([
    ['nothing', ''],
    ['half a head', 'GET /a HTTP/1.1\r\nHost: a\r\n'],
    ['a second request', get() + get()],
    ['a byte behind', `${get()}G`],
    ['an empty line in front', `\r\n${get()}`],
    ['a body', 'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx'],
    ['POST without a body', 'POST /a HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['another method', 'QUERY /a HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a lower-case method', 'get /a HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['HTTP/1.0', 'GET /a HTTP/1.0\r\nHost: a\r\n\r\n'],
    ['HTTP/2.0', 'GET /a HTTP/2.0\r\nHost: a\r\n\r\n'],
    ['absolute form', 'GET http://a/a HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['asterisk form', 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a fragment', 'GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a control character in the target', 'GET /a\x01 HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a byte beyond ASCII in the target', 'GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['two blanks in the request line', 'GET  /a HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a blank behind the version', 'GET /a HTTP/1.1 \r\nHost: a\r\n\r\n'],
    ['no headers', 'GET /a HTTP/1.1\r\n\r\n'],
    ['a folded line', get('A: b', ' c')],
    ['a blank before the colon', get('A : b')],
    ['no colon', get('A')],
    ['an empty name', get(': b')],
    ['a name with a byte beyond ASCII', get('\xe9: b')],
    ['NUL in a value', get('A: \0')],
    ['DEL in a value', get('A: \x7f')],
    ['a bare CR', get('A: b\rc')],
    ['a bare LF', get('A: b\nc')],
    ['lines that end in LF', 'GET /a HTTP/1.1\nHost: a\n\n'],
    ['a length', get('Content-Length: 0')],
    ['a length in capitals', get('CONTENT-LENGTH: 5')],
    ['a coding', get('Transfer-Encoding: chunked')],
    ['an upgrade', get('Upgrade: websocket')],
    ['an expectation', get('Expect: 100-continue')],
    ['a trailer', get('Trailer: a')],
    ['close', get('Connection: close')],
    ['a list in Connection', get('Connection: keep-alive, x-a')],
    ['an empty Connection', get('Connection:')],
    ['Proxy-Connection', get('Proxy-Connection: keep-alive')],
  ])('%s', (_name, text) => {
    expect(read(text)).toBeNull();
  });

  it('what is longer than the limit', () => {
    expect(read(get(), get().length)).not.toBeNull();
    expect(read(get(), get().length - 1)).toBeNull();
  });
});
