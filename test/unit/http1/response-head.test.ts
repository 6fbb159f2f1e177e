/** The head of a response: what is parsed, and what is refused because two parsers could disagree. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { unfinishedHeadFault } from '../../../src/http1/grammar/response-fault.ts';
import { readResponseHead } from '../../../src/http1/grammar/response-head.ts';

const readHead = (text: string, method: string) => readResponseHead(Buffer.from(`${text}\r\n`, 'latin1'), method);

describe('a valid head', () => {
  it.each<[string, string[], string, object]>([
    ['with a length', ['HTTP/1.1 200 OK', 'Content-Length: 5'], 'GET', { status: 200, framing: 'length', length: 5 }],
    ['with length zero', ['HTTP/1.1 200 OK', 'content-length: 0'], 'GET', { framing: 'none', keepAlive: true }],
    ['with chunks', ['HTTP/1.1 200 OK', 'Transfer-Encoding: Chunked'], 'GET', { framing: 'chunked', keepAlive: true }],
    ['without framing', ['HTTP/1.1 200 OK'], 'GET', { framing: 'close', keepAlive: false }],
    ['to HEAD', ['HTTP/1.1 200 OK', 'Content-Length: 5'], 'HEAD', { framing: 'none', keepAlive: true }],
    ['without content', ['HTTP/1.1 204 No Content'], 'GET', { framing: 'none', keepAlive: true }],
    ['not modified, with a length', ['HTTP/1.1 304 Not Modified', 'Content-Length: 9'], 'GET', { framing: 'none' }],
    ['that is interim', ['HTTP/1.1 103 Early Hints', 'Link: </a>'], 'GET', { status: 103, framing: 'none' }],
    ['without a reason phrase', ['HTTP/1.1 200', 'Content-Length: 0'], 'GET', { statusText: '' }],
    ['with an empty reason phrase', ['HTTP/1.1 200 ', 'Content-Length: 0'], 'GET', { statusText: '' }],
    ['with an unusual reason phrase', ['HTTP/1.1 299 All fine: yes'], 'GET', { statusText: 'All fine: yes' }],
    ['that closes', ['HTTP/1.1 200 OK', 'Connection: Close', 'Content-Length: 0'], 'GET', { keepAlive: false }],
    ['of HTTP/1.0', ['HTTP/1.0 200 OK', 'Content-Length: 0'], 'GET', { keepAlive: false }],
    [
      'of HTTP/1.0 that goes on',
      ['HTTP/1.0 200 OK', 'Connection: keep-alive', 'Content-Length: 0'],
      'GET',
      { keepAlive: true },
    ],
    [
      'with a keep-alive hint',
      ['HTTP/1.1 200 OK', 'Keep-Alive: timeout=5, max=9', 'Content-Length: 0'],
      'GET',
      { keepAliveMs: 5_000 },
    ],
    ['with spaces around a value', ['HTTP/1.1 200 OK', 'A: \t b c \t'], 'GET', { rawHeaders: ['A', 'b c'] }],
    ['with an empty value', ['HTTP/1.1 200 OK', 'A:'], 'GET', { rawHeaders: ['A', ''] }],
    ['with bytes beyond ASCII', ['HTTP/1.1 200 OK', 'A: caf\xe9'], 'GET', { rawHeaders: ['A', 'caf\xe9'] }],
    ['with a repeated name', ['HTTP/1.1 200 OK', 'A: 1', 'a: 2'], 'GET', { rawHeaders: ['A', '1', 'a', '2'] }],
  ])('%s', (_name, lines, method, expected) => {
    expect(readHead(lines.join('\r\n'), method)).toMatchObject(expected);
  });
});

describe('an invalid head', () => {
  const ok = 'HTTP/1.1 200 OK\r\n';
  it.each([
    ['nothing', '', 'status_line at line 1'],
    ['another protocol', 'SSH-2.0-OpenSSH_9', 'status_line at line 1'],
    ['HTTP/2', 'HTTP/2.0 200 OK', 'status_line at line 1'],
    ['HTTP/0.9', 'HTTP/0.9 200 OK', 'status_line at line 1'],
    ['a lower-case version', 'http/1.1 200 OK', 'status_line at line 1'],
    ['a leading space', ' HTTP/1.1 200 OK', 'status_line at line 1'],
    ['two spaces', 'HTTP/1.1  200 OK', 'status_line at line 1'],
    ['a status of two digits', 'HTTP/1.1 20 OK', 'status_line at line 1'],
    ['a status of four digits', 'HTTP/1.1 2000 OK', 'status_line at line 1'],
    ['a status below 100', 'HTTP/1.1 099 OK', 'status_line at line 1'],
    ['a line without a colon', `${ok}abc`, 'field_name at line 2, column 4'],
    ['an empty name', `${ok}: x`, 'field_name at line 2, column 1'],
    ['a space before the colon', `${ok}Content-Length : 5`, 'field_name at line 2, column 15'],
    ['a folded line', `${ok}A: b\r\n c`, 'folded_line at line 3, column 1'],
    ['a folded line with a colon', `${ok}A: b\r\n c: d`, 'folded_line at line 3, column 1'],
    ['a name that is not a token', `${ok}A(b): c`, 'field_name at line 2, column 2'],
    ['a name beyond ASCII', `${ok}caf\xe9: c`, 'field_name at line 2, column 4'],
    ['a NUL', `${ok}A: b\0c`, 'field_value at line 2, column 5'],
    ['a control character', `${ok}A: b\x01c`, 'field_value at line 2, column 5'],
    ['DEL', `${ok}A: b\x7fc`, 'field_value at line 2, column 5'],
    ['a bare CR', `${ok}A: b\rX: y`, 'line_end at line 2, column 5'],
    ['a bare LF', `${ok}A: b\nX: y`, 'line_end at line 2, column 5'],
    ['a bare LF after the status', 'HTTP/1.1 200 OK\nA: b', 'line_end at line 1, column 16'],
    ['two lengths', `${ok}Content-Length: 5\r\nContent-Length: 6`, 'content_length at line 3'],
    ['a repeated length', `${ok}Content-Length: 5\r\nContent-Length: 5`, 'content_length at line 3'],
    ['a list of lengths', `${ok}Content-Length: 5, 5`, 'content_length at line 2'],
    ['a length with a sign', `${ok}Content-Length: +5`, 'content_length at line 2'],
    ['a length in hex', `${ok}Content-Length: 0x5`, 'content_length at line 2'],
    ['an empty length', `${ok}Content-Length:`, 'content_length at line 2'],
    ['a length beyond 2^53', `${ok}Content-Length: 9007199254740993`, 'content_length at line 2'],
    ['chunks and a length', `${ok}Transfer-Encoding: chunked\r\nContent-Length: 5`, 'one_framing at line 3'],
    ['a length and chunks', `${ok}Content-Length: 5\r\nTransfer-Encoding: chunked`, 'one_framing at line 3'],
    ['another coding', `${ok}Transfer-Encoding: gzip, chunked`, 'transfer_encoding at line 2'],
    ['chunked twice', `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked`, 'transfer_encoding at line 3'],
    ['identity', `${ok}Transfer-Encoding: identity`, 'transfer_encoding at line 2'],
    ['a coding with a vertical tab', `${ok}Transfer-Encoding: \x0bchunked`, 'field_value at line 2, column 20'],
    ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked', 'transfer_encoding at line 2'],
    ['too many fields', ok + 'A: b\r\n'.repeat(1_001).slice(0, -2), 'field_count at line 1002'],
  ])('%s', (_name, text, fault) => {
    expect(readHead(text, 'GET')).toBe(fault);
  });
});

describe('a head that has not arrived completely', () => {
  const start = 'HTTP/1.1 200 OK\r\nA: b\r\n';
  it.each([
    ['nothing so far', '', 0, null],
    ['a part of the version', 'HTTP', 0, null],
    ['lines', start, 0, null],
    ['a CR whose LF may follow', 'HTTP/1.1 200 OK\r', 0, null],
    ['a LF whose CR was checked before', start, start.length - 1, null],
    ['another protocol', 'SSH', 0, 'status_line at line 1'],
    ['another protocol, byte by byte', 'HTTP/2', 5, 'status_line at line 1'],
    ['a bare LF', 'HTTP/1.1 200 OK\nA: b\n\n', 0, 'line_end at line 1, column 16'],
    ['a bare LF in a later line', `${start}Cd: e\n\n`, start.length, 'line_end at line 3, column 6'],
    ['a bare LF as its end', `${start}\n`, start.length, 'line_end at line 3, column 1'],
  ])('%s', (_name, text, checked, fault) => {
    expect(unfinishedHeadFault(Buffer.from(text, 'latin1'), checked)).toBe(fault);
  });
});

test('parsing never throws, and its result consists of complete pairs of tokens and single-line values', () => {
  const piece = fc.constantFrom('HTTP/1.1 200 OK', '\r\n', '\r', '\n', ':', ' ', '\t', 'A', 'content-length', '5', 'é');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const head = readHead(pieces.join(''), 'GET');
      if (typeof head === 'string') return;
      expect(head.rawHeaders.length % 2).toBe(0);
      expect(head.rawHeaders.some((text) => /[\r\n]/.test(text))).toBe(false);
    }),
    { numRuns: 5_000 },
  );
});
