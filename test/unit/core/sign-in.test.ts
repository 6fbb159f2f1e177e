/** Where users are redirected to sign in: always the configured page, and back to the requested host. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isNavigation, signInLocation } from '../../../src/core/credential/sign-in.ts';
import { normalizeRequest } from '../../../src/core/request/normalize-request.ts';

const navigation = ['Sec-Fetch-Mode', 'navigate'];
const host = 'app.example.test';

const piece = fc.oneof(
  fc.constantFrom(
    '/',
    '//',
    '\\',
    '..',
    '.',
    '%2f',
    '%5c',
    '%00',
    '@',
    ':',
    '?',
    '#',
    '&',
    '=',
    '%',
    ';',
    ',',
    '%0d%0a',
  ),
  fc.constantFrom('evil.test', 'https:', 'javascript:', 'return_to', 'a', '\t', ' ', '\xe4'),
);
const target = fc.array(piece, { maxLength: 12 }).map((parts) => `/${parts.join('')}`);
const authority = fc.constantFrom(
  host,
  'evil.test',
  `${host}:8443`,
  `${host}@evil.test`,
  `evil.test/${host}`,
  '[::1]:80',
);

test.each([
  ['/sign-in', null],
  ['https://id.example.test/login?app=1', 'https://id.example.test'],
])('%s: no request redirects elsewhere', (url, page) => {
  fc.assert(
    fc.property(target, authority, (asked, named) => {
      const rawHeaders = ['Host', named, ...navigation];
      const request = normalizeRequest({ method: 'GET', target: asked, rawHeaders, httpVersion: '1.1' });
      if (typeof request === 'string') return;
      // Also on a route that keeps empty segments.
      for (const path of [request.path, request.unmerged ?? request.path]) {
        const signIn = { url, returnParameter: 'return_to', origins: null };
        const location = signInLocation(signIn, 'credential_missing', { ...request, path }, rawHeaders, 'https');
        expect(location).toMatch(/^[\x21-\x7e]+$/);
        const origin = `https://${request.authority}`;
        const led = new URL(location!, origin);
        expect(led.origin).toBe(page ?? new URL(origin).origin);
        const back = led.searchParams.getAll('return_to');
        expect(back.length).toBeLessThanOrEqual(1);
        for (const address of back) expect(new URL(address, origin).origin).toBe(new URL(origin).origin);
      }
    }),
    { numRuns: 5_000 },
  );
});

test('omits a long address and leaves it to the sign-in page', () => {
  const request = {
    method: 'GET',
    host,
    authority: host,
    path: '/a',
    unmerged: null,
    query: `?${'q'.repeat(2_000)}`,
    ambiguities: 0,
  };
  const signIn = { url: '/sign-in', returnParameter: 'return_to', origins: null };
  expect(signInLocation(signIn, 'credential_missing', request, navigation, 'https')).toBe('/sign-in');
});

test.each([
  ['text/html', true],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8', true],
  ['application/xhtml+xml', true],
  ['TEXT/HTML', true],
  ['*/*', false],
  ['application/json, text/plain, */*', false],
  ['application/json, text/html', false],
  ['text/html;q=0.5, application/json', false],
  ['application/json;q=0.5, text/html', true],
  ['text/html;q=0', false],
  ['text/html;q=x', false],
  ['', false],
])('Accept: %s', (accept, expected) => expect(isNavigation(['Accept', accept])).toBe(expected));

test.each<[string, boolean, string[]]>([
  ['a tab', true, ['Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'document']],
  ['a frame', false, ['Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'iframe']],
  ['a frame of a frame set', false, ['Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'frame']],
  ['an embedded document', false, ['Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'embed']],
  ['a page fetched ahead of a click', false, ['Sec-Fetch-Mode', 'navigate', 'Sec-Purpose', 'prefetch;prerender']],
  ['the same in older browsers', false, ['Accept', 'text/html', 'Purpose', 'prefetch']],
  ['a WebSocket', false, ['Sec-Fetch-Mode', 'navigate', 'Upgrade', 'websocket']],
])('Fetch Metadata: %s', (_, expected, headers) => expect(isNavigation(headers)).toBe(expected));
