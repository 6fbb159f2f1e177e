import { describe, expect, test } from 'vitest';
import { readRequestHead } from '../../../src/http1/grammar/request-head.ts';
import { readHead } from '../../../src/http2/read-head.ts';
import { hostileTargets as targetsOf } from '../../../src/policy-tools/hostile-targets.ts';
import { createRandom } from '../../fuzz/random.ts';
import { credentials, odd, ordinary, pieces, prefixes, tricks } from '../../fuzz/words.ts';
import { hostileTargets } from '../../support/hostile-targets.ts';

const usual = [':method', 'GET', ':scheme', 'https', ':authority', 'a.test', ':path', '/x'];
const read = (fields: readonly string[], ended = true) => readHead([...usual, ...fields], ended, 16_384);

describe('the head of a stream', () => {
  test('is that of the same request over HTTP/1.1, for 40,000 targets and fields', () => {
    const random = createRandom(20_260_101);
    const known = [...hostileTargets, ...prefixes.flatMap((prefix) => targetsOf(`${prefix}/x`, '/a'))];
    const fields = [...ordinary, ...odd, ...credentials].map((line) => {
      const at = line.indexOf(':');
      return at < 1 ? null : ([line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const);
    });
    let refusals = 0;
    for (let at = 0; at < 40_000; at += 1) {
      const made = `${random.pick(prefixes)}${random.pick(tricks)}${random.pick(pieces)}${random.pick(prefixes)}`;
      const target = known[at] ?? made;
      const [name, value] = random.pick(fields) ?? ['x-a', 'b'];
      const stream = readHead(
        [':method', 'GET', ':scheme', 'https', ':authority', 'a.test', ':path', target, name, value],
        true,
        16_384,
      );
      const line = readRequestHead(
        Buffer.from(`GET ${target} HTTP/1.1\r\nhost: a.test\r\n${name}: ${value}\r\n`, 'latin1'),
      );
      if (typeof line === 'string') {
        refusals += 1;
        expect([target, name, value, stream.fault === null]).toEqual([target, name, value, false]);
      } else if (stream.fault === null) {
        expect([stream.head.method, stream.head.target]).toEqual([line.method, line.target]);
        expect(new Set(stream.head.rawHeaders)).toEqual(new Set(line.rawHeaders));
      }
    }
    expect(refusals).toBeGreaterThan(100);
  });

  test('begins with the host, and has one field of cookies', () => {
    const { head } = read(['cookie', 'a=1', 'x-a', 'b', 'host', 'A.TEST', 'cookie', 'b=2']);
    expect(head.rawHeaders).toEqual(['host', 'a.test', 'x-a', 'b', 'cookie', 'a=1; b=2']);
  });

  test('keeps a host that differs, so that it is refused as repeated', () => {
    expect(read(['host', 'b.test']).head.rawHeaders).toEqual(['host', 'a.test', 'host', 'b.test']);
  });

  test.each([
    ['a line end in a value', ['x-a', 'b\r\nuser-id: root']],
    ['a line feed in a value', ['x-a', 'b\nuser-id: root']],
    ['a colon in a name', ['x-a:b', 'c']],
    ['a line end in a name', ['x-a: b\r\nuser-id', 'root']],
    ['a transfer coding', ['transfer-encoding', 'gzip']],
    ['two lengths', ['content-length', '1', 'content-length', '1']],
  ])('with %s is refused', (_name, fields) => {
    expect(read(fields).fault).not.toBeNull();
  });

  test.each([
    ['GET\r\nx: y', '/x'],
    ['GET /a HTTP/1.1\r\nx: y\r\n\r\nGET', '/x'],
    ['GET', '/x HTTP/1.1\r\nx: y'],
    ['GET', '/x y'],
    ['', '/x'],
    ['GET', ''],
  ])('with method %j and path %j is refused', (method, path) => {
    const fields = [':method', method, ':scheme', 'https', ':authority', 'a.test', ':path', path];
    expect(readHead(fields, true, 16_384).fault).toBe('malformed');
  });

  test('has the length of its body, if data follow', () => {
    const lengthOf = (fields: readonly string[], ended: boolean) => read(fields, ended).head.bodyLength;
    expect(lengthOf(['content-length', '5'], false)).toBe(5);
    expect(lengthOf(['content-length', '0'], false)).toBe(0);
    expect(lengthOf([], false)).toBe(-1);
    expect(lengthOf([], true)).toBe(0);
  });

  test('beyond the limit of HTTP/1 is too large', () => {
    expect(read(['x-a', 'a'.repeat(16_384)]).fault).toBe('head_too_large');
  });
});
