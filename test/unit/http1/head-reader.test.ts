/** A request head that arrives in pieces: what is refused before it is complete, and what is not. */
import { describe, expect, it, test } from 'vitest';
import { HeadReader } from '../../../src/http1/server/head-reader.ts';

/** Feeds the pieces until there is a result; like a connection, it keeps everything from `start` on. */
function readPieces(pieces: readonly string[], maxBytes = 1_000): { result: unknown; pieces: number } {
  const reader = new HeadReader(maxBytes);
  let bytes = Buffer.alloc(0);
  for (const [index, piece] of pieces.entries()) {
    bytes = Buffer.concat([bytes, Buffer.from(piece, 'latin1')]);
    const result = reader.read(bytes);
    if (result !== null) return { result, pieces: index + 1 };
    bytes = bytes.subarray(reader.start);
  }
  return { result: null, pieces: pieces.length };
}

const head = '\r\nGET /a HTTP/1.1\r\nHost: a\r\nX-B: c\r\n\r\n';

describe('a head in pieces', () => {
  it.each<[string, string[]]>([
    ['line by line', ['GET /a HTTP/1.1\r\n', 'Host: a\r\n', 'X-B: c\r\n', '\r\n']],
    ['byte by byte', [...head]],
    ['cut within line ends', ['GET /a HTTP/1.1\r', '\nHost: a\r', '\n', 'X-B: c', '\r', '\n\r', '\n']],
    ['after empty lines that are split', ['\r', '\n\r', '\nGET /a HTTP/1.1\r\nHo', 'st: a\r\nX-B: c\r\n\r\n']],
  ])('%s is parsed', (_name, pieces) => {
    const { result } = readPieces(pieces);
    expect(result).toMatchObject({ method: 'GET', target: '/a', rawHeaders: ['Host', 'a', 'X-B', 'c'] });
  });

  it.each<[string, string[], string]>([
    ['a bare LF in a later piece', ['GET /a HTTP/1.1\r\nA: b', '\nB: c'], 'malformed'],
    ['a bare LF after a line end', ['GET /a HTTP/1.1\r\n', '\nB: c'], 'malformed'],
    ['a bare CR at the end of a piece', ['GET /a HTTP/1.1\r', 'A: b'], 'malformed'],
    ['two CRs', ['GET /a HTTP/1.1\r', '\r'], 'malformed'],
    ['a NUL', ['GET /a HT', 'TP/1.1\0'], 'malformed'],
    ['nine empty lines', Array(9).fill('\r\n'), 'malformed'],
    ['more bytes than allowed', ['GET /a', 'b'.repeat(1_000)], 'head_too_large'],
  ])('%s is refused as soon as it arrives', (_name, pieces, fault) => {
    expect(readPieces([...pieces, 'more'])).toEqual({ result: fault, pieces: pieces.length });
  });
});

test('the next head on a connection starts afresh', () => {
  const reader = new HeadReader(1_000);
  for (let i = 0; i < 3; i += 1) {
    expect(reader.read(Buffer.from(head))).toMatchObject({ target: '/a' });
    expect([reader.start, reader.end]).toEqual([2, head.length]);
  }
});
