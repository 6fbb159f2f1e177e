/** Chunked bodies: strict, with the same result however the bytes are split into packets. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { ChunkedBody } from '../../../src/http1/grammar/chunked-body.ts';
import type { ResponseRule } from '../../../src/http1/grammar/response-fault.ts';

/** The result for `text` arriving in pieces that end at `cuts`: the body, or the rule that it violates, and the number of remaining bytes. */
function read(
  text: string,
  cuts: readonly number[] = [],
): { body: string; result: 'whole' | 'more' | ResponseRule; rest: number } {
  const bytes = Buffer.from(text, 'latin1');
  const reader = new ChunkedBody();
  const ends = [...new Set(cuts)].filter((cut) => cut > 0 && cut < bytes.length).sort((a, b) => a - b);
  let body = '';
  let from = 0;
  for (const to of [...ends, bytes.length]) {
    // A copy, because the parser moves the parts of a body together in place.
    const piece = Buffer.from(bytes.subarray(from, to));
    const end = reader.read(piece, 0);
    if (end !== -2) body += piece.toString('latin1', reader.partStart, reader.partEnd);
    if (end === -2) return { body, result: reader.fault, rest: 0 };
    if (end >= 0) return { body, result: 'whole', rest: bytes.length - from - end };
    from = to;
  }
  return { body, result: 'more', rest: 0 };
}

describe('a chunked body', () => {
  it.each([
    ['without data', '0\r\n\r\n', ''],
    ['of two chunks', '3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n', 'abcde'],
    [
      'with upper-case and lower-case digits',
      `A\r\n${'x'.repeat(10)}\r\nb\r\n${'y'.repeat(11)}\r\n0\r\n\r\n`,
      `${'x'.repeat(10)}${'y'.repeat(11)}`,
    ],
    ['with leading zeros', '0003\r\nabc\r\n00\r\n\r\n', 'abc'],
    ['with extensions', '3;a=b;c="d e"\r\nabc\r\n0;z\r\n\r\n', 'abc'],
    ['with trailers', '3\r\nabc\r\n0\r\nX-Sum: 1\r\nY: 2\r\n\r\n', 'abc'],
    ['with spaces in extensions', '3; a\t= "b" ;c\r\nabc\r\n0\r\n\r\n', 'abc'],
    ['with a quoted extension that contains a quotation mark', '3;a="b\\"c"\r\nabc\r\n0\r\n\r\n', 'abc'],
    ['with line ends as data', '4\r\n\r\n\r\n\r\n0\r\n\r\n', '\r\n\r\n'],
  ])('%s', (_name, text, body) => {
    expect(read(text)).toEqual({ body, result: 'whole', rest: 0 });
    expect(read(`${text}GET`)).toEqual({ body, result: 'whole', rest: 3 });
  });

  it.each([
    ['that ends early', '3\r\nab'],
    ['without its final line', '3\r\nabc\r\n0\r\n'],
  ])('%s is incomplete', (_name, text) => {
    expect(read(text).result).toBe('more');
  });

  it.each([
    ['no size', '\r\nabc', 'chunk_size'],
    ['a size that is not hex', 'g\r\n', 'chunk_size'],
    ['a sign', '+3\r\nabc\r\n', 'chunk_size'],
    ['a prefix', '0x3\r\nabc\r\n', 'chunk_size'],
    ['a space before the size', ' 3\r\nabc\r\n', 'chunk_size'],
    ['a space after the size', '3 \r\nabc\r\n', 'chunk_size'],
    ['a size with too many digits', '0000000000003\r\nabc\r\n', 'chunk_size'],
    ['a size that ends in a bare LF', '3\nabc\r\n', 'chunk_size'],
    ['a size that ends in a bare CR', '3\rabc\r\n', 'chunk_size'],
    ['an extension that ends in a bare LF', '3;a\nabc\r\n', 'chunk_extension'],
    ['data that is longer than its size', '3\r\nabcd\r\n0\r\n\r\n', 'chunk_end'],
    ['data that ends in a bare LF', '3\r\nabc\n0\r\n\r\n', 'chunk_end'],
    ['a trailer that ends in a bare LF', '0\r\nX: y\n\r\n', 'trailer_line'],
    ['a folded trailer', '0\r\n x\r\n\r\n', 'trailer_line'],
    ['a trailer without a colon', '0\r\nx\r\n\r\n', 'trailer_line'],
    ['a space before the colon of a trailer', '0\r\nx : y\r\n\r\n', 'trailer_line'],
    ['a line end in quotation marks: CVE-2026-33870', '3;a="\r\nabc', 'chunk_extension'],
    ['a line end after a backslash', '3;a="\\\r\nabc', 'chunk_extension'],
    ['an empty extension', '3;\r\nabc\r\n', 'chunk_extension'],
    ['an extension without a name', '3;=b\r\nabc\r\n', 'chunk_extension'],
    ['two words in an extension', '3;a b\r\nabc\r\n', 'chunk_extension'],
    ['an extension with quotation marks inside a word', '3;a=b"c"\r\nabc\r\n', 'chunk_extension'],
    ['an unclosed quotation', '3;a="b\r\nabc\r\n', 'chunk_extension'],
    ['NUL in an extension', '3;a\0b\r\nabc\r\n', 'chunk_extension'],
    ['a final line that ends in a bare LF', '0\r\n\n', 'trailer_line'],
    ['a final line of two CRs', '0\r\n\r\r', 'trailer_line'],
    ['endless extensions', `1;${'a'.repeat(20_000)}`, 'chunk_extension'],
    ['endless trailers', `0\r\n${'A: b\r\n'.repeat(5_000)}`, 'trailer_line'],
  ])('with %s is malformed', (_name, text, rule) => {
    expect(read(text).result).toBe(rule);
  });
});

test('the result does not depend on how the bytes are split', () => {
  const chunk = fc.string({ minLength: 1, maxLength: 40, unit: 'binary-ascii' });
  fc.assert(
    fc.property(
      fc.array(chunk, { maxLength: 6 }),
      fc.array(fc.nat(400)),
      fc.option(fc.tuple(fc.nat(300), fc.constantFrom('\r', '\n', ';', '0', 'x'))),
      (chunks, cuts, fault) => {
        let text = `${chunks.map((data) => `${data.length.toString(16)}\r\n${data}\r\n`).join('')}0\r\n\r\n`;
        if (fault !== null) text = text.slice(0, fault[0]) + fault[1] + text.slice(fault[0] + 1);
        const whole = read(text);
        const cut = read(text, cuts);
        // What was parsed before the fault may depend on the packets; the result may not.
        expect([cut.result, cut.rest]).toEqual([whole.result, whole.rest]);
        if (whole.result === 'whole') expect(cut.body).toBe(whole.body);
        if (fault === null) expect(whole.body).toBe(chunks.join(''));
      },
    ),
    { numRuns: 3_000 },
  );
});
