/** Which of two patterns is more specific, and which route owns a path with two readings. */
import { expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import type { Decision } from '../../../src/core/decision.ts';
import { Ambiguity } from '../../../src/core/url/ambiguity.ts';
import { compilePattern } from '../../../src/core/url/compile-pattern.ts';
import { isMoreSpecific } from '../../../src/core/url/path-pattern.ts';
import { makePolicy, unresolved, view } from './make-policy.ts';

const exact = 'api.example.test';

test.each([
  ['a literal over a parameter', exact, '/a/b', exact, '/a/{x}'],
  ['a parameter over a rest', exact, '/a/{x}', exact, '/a/**'],
  ['the end over a rest', exact, '/a', exact, '/a/**'],
  ['a literal over a parameter, any host', null, '/a/b', null, '/a/{x}'],
  ['a literal over a parameter, wildcard', '*.test', '/a/b', '*.test', '/a/{x}'],
  ['an exact host over a wildcard', exact, '/**', '*.example.test', '/a'],
  ['a longer wildcard over a shorter', '*.example.test', '/**', '*.test', '/a'],
  ['a wildcard over any host', '*.test', '/**', null, '/a'],
] as const)('%s', (_, hostA, pathA, hostB, pathB) => {
  const [a, b] = [compilePattern(hostA, pathA), compilePattern(hostB, pathB)];
  expect([isMoreSpecific(a, b), isMoreSpecific(b, a)]).toEqual([true, false]);
});

test.each([exact, '*.example.test', null])(
  'refuses a path that a more specific route claims in another reading: host %s',
  (host) => {
    const at = host ?? '';
    const policy = makePolicy([
      { on: `${at}/files/**`, access: 'public', tolerates: Ambiguity.encodedSlash },
      { on: `${at}/files/admin/{x}`, access: ['admin'] },
    ]);
    const asked = decide(view('GET /files/admin%2Fx', [], exact), policy, () =>
      unresolved('auth_unavailable'),
    ) as Decision;
    expect(asked).toMatchObject({ outcome: 'refuse', reason: 'path_ambiguous' });
    const harmless = decide(view('GET /files/other%2Fx', [], exact), policy, () =>
      unresolved('auth_unavailable'),
    ) as Decision;
    expect(harmless.outcome).toBe('allow');
  },
);
