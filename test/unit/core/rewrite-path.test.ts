/** Prefixes removed and added after the decision; whole segments only, with a canonical result. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rewritePath } from '../../../src/core/forwarding/rewrite-path.ts';
import { canonicalPath } from '../../../src/core/url/canonical-path.ts';
import { makeRoute } from './make-policy.ts';

function rewrite(stripPrefix: string, addPrefix: string, path: string): string | null {
  return rewritePath(makeRoute({ on: '/**', rewrite: { stripPrefix, addPrefix } }), path);
}

test('without a rewrite the canonical path is forwarded', () => {
  expect(rewritePath(makeRoute({ on: '/**' }), '/a%2Fb/')).toBe('/a%2Fb/');
});

test.each([
  ['strip', '/api', '', '/api/v1/x', '/v1/x'],
  ['strip all', '/api', '', '/api', '/'],
  ['strip all but the slash', '/api', '', '/api/', '/'],
  ['strip two segments', '/api/v1', '', '/api/v1/x', '/x'],
  ['strip keeps a trailing slash', '/api', '', '/api/x/', '/x/'],
  ['strip once', '/api', '', '/api/api/x', '/api/x'],
  ['strip in another spelling', '/@me/p:q', '', '/%40me/p%3Aq/%40', '/%40'],
  ['add', '', '/svc', '/x', '/svc/x'],
  ['add to the root', '', '/svc', '/', '/svc'],
  ['strip and add', '/api', '/svc/v2', '/api/x', '/svc/v2/x'],
  ['strip all and add', '/api', '/svc', '/api', '/svc'],
  ['escapes are kept', '/api', '/svc', '/api/a%20b%3F', '/svc/a%20b%3F'],
  ['a tolerated escape is kept', '/api', '/svc', '/api/a%2Fb', '/svc/a%2Fb'],
])('%s', (_name, strip, add, path, expected) => {
  expect(rewrite(strip, add, path)).toBe(expected);
});

test.each([
  ['a longer segment', '/api', '/apix/y'],
  ['another case', '/api', '/API/x'],
  ['another segment', '/api', '/other'],
  ['an escaped slash is not a separator', '/api', '/api%2Fx'],
  ['an escaped slash within', '/api/v1', '/api%2Fv1'],
  ['a part of the prefix', '/api/v1', '/api'],
  ['an empty segment', '/api/v1', '/api//v1'],
])('does not forward a path without the prefix: %s', (_name, strip, path) => {
  expect(rewrite(strip, '', path)).toBeNull();
});

test.each([
  ['prefix with a parent segment', '/a/..'],
  ['prefix with an empty segment', '/a//b'],
  ['prefix with an escaped dot segment', '/%2e%2e'],
  ['prefix with a backslash', '/a\\b'],
])('does not forward a result that is ambiguous: %s', (_name, add) => {
  expect(rewrite('', add, '/x')).toBeNull();
});

test('the result is canonical, whatever is stripped and added', () => {
  const path = fc
    .array(fc.constantFrom('a', 'b', 'api', '%2F', '.', '..', '', 'c%20'), { maxLength: 5 })
    .map((names) => canonicalPath(`/${names.join('/')}`))
    .filter((read) => typeof read !== 'string')
    .map((read) => read.path);
  fc.assert(
    fc.property(
      path,
      fc.constantFrom('', '/a', '/a/b', '/api'),
      fc.constantFrom('', '/b', '/x/y'),
      (from, strip, add) => {
        const result = rewrite(strip, add, from);
        if (result === null) return;
        const read = canonicalPath(result);
        expect(typeof read === 'string' ? read : read.path).toBe(result);
        expect(result.startsWith(add)).toBe(true);
      },
    ),
    { numRuns: 1_000 },
  );
});
