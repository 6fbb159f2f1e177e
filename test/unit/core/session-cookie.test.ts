import { expect, test } from 'vitest';
import type { CredentialKind, CredentialSources } from '../../../src/core/credential/credential.ts';
import { extractCredential } from '../../../src/core/credential/extract-credential.ts';
import { plainSources } from '../../support/credential-sources.ts';

const cookie = '__Host-rolegate';
const id = 'AbCd_-0123456789AbCd_-0123456789AbCd_-01234';
const other = id.replace('A', 'B');
const sources: CredentialSources = {
  ...plainSources,
  session: { cookie, browserCookie: '__Host-rolegate-browser', others: null },
};
const read = (headers: readonly string[], taken: readonly CredentialKind[] | null, method = 'GET') =>
  extractCredential({ method, authority: 'app.example.test' }, headers, sources, taken);
const session = ['Cookie', `theme=dark; ${cookie}=${id}`];
const bearer = ['Authorization', 'Bearer abc'];

test.each<[string, readonly string[], readonly CredentialKind[] | null, unknown]>([
  ['is read where the route lists it', session, ['session'], { kind: 'session', id }],
  ['means nothing elsewhere', session, ['bearer'], null],
  ['does not stand beside another credential', [...session, ...bearer], ['bearer', 'session'], 'credential_conflict'],
  ['does not hide a broken one', [...session, 'Authorization', 'Bearer'], ['bearer', 'session'], 'credential_conflict'],
  [
    'does not excuse one of another kind',
    [...session, ...bearer],
    ['keyPair', 'session'],
    'credential_kind_not_accepted',
  ],
  ['leaves every other credential to the service', [...session, ...bearer], ['session'], { kind: 'session', id }],
  ['is missing beside a credential of the service', bearer, ['session'], null],
  ['a bearer without it is read', bearer, ['bearer', 'session'], { kind: 'bearer', token: 'abc' }],
  ['beside a bearer means nothing elsewhere', [...session, ...bearer], ['bearer'], { kind: 'bearer', token: 'abc' }],
  ['twice is refused', ['Cookie', `${cookie}=${id}; ${cookie}=${other}`], ['session'], 'credential_repeated'],
  [
    'twice with one value is refused',
    ['Cookie', `${cookie}=${id}; ${cookie}=${id}`],
    ['session'],
    'credential_repeated',
  ],
  ['in two headers is refused', [...session, 'cookie', `${cookie}=${other}`], ['session'], 'credential_repeated'],
  ['with another value is malformed', ['Cookie', `${cookie}=${id}=`], ['session'], 'credential_malformed'],
  ['in quotes is malformed', ['Cookie', `${cookie}="${id}"`], ['session'], 'credential_malformed'],
  ['with a blank after it is malformed', ['Cookie', `${cookie}=${id} ; a=b`], ['session'], 'credential_malformed'],
  // As UTF-8, one character per byte: U+2000, which a browser lets a sibling domain write before the name.
  ['behind a blank of Unicode is another one', ['Cookie', `\u00e2\u0080\u0080${cookie}=${id}`], ['session'], null],
  ['behind a blank is another one', ['Cookie', `a=b;  ${cookie}=${id}`], ['session'], null],
  ['in another case is another one', ['Cookie', `__host-rolegate=${id}`], ['session'], null],
  ['with a longer name is another one', ['Cookie', `x${cookie}=${id}; ${cookie}x=${id}`], ['session'], null],
])('a session cookie that %s', (_, headers, taken, expected) => {
  expect(read(headers, taken)).toEqual(expected);
});

const page = 'https://app.example.test';

test.each<[string, string, readonly string[], boolean]>([
  ['a navigation', 'GET', ['Sec-Fetch-Site', 'cross-site'], true],
  ['a post of the page', 'POST', ['Sec-Fetch-Site', 'same-origin'], true],
  ['a post of the page in an old browser', 'POST', ['Origin', page], true],
  ['a post of a sibling domain', 'POST', ['Sec-Fetch-Site', 'same-site', 'Origin', 'https://evil.example.test'], false],
  ['a post of a sibling domain in an old browser', 'POST', ['Origin', 'https://evil.example.test'], false],
  ['a post of no origin', 'POST', ['Origin', 'null'], false],
  ['a post that says nothing', 'POST', [], false],
  ['a WebSocket of the page', 'GET', ['Upgrade', 'websocket', 'Origin', page], true],
  ['a WebSocket of a sibling domain', 'GET', ['Upgrade', 'websocket', 'Origin', 'https://evil.example.test'], false],
  ['a WebSocket that says nothing', 'GET', ['Upgrade', 'websocket'], false],
])('%s with a session', (_, method, headers, accepted) => {
  expect(read([...session, ...headers], ['session'], method)).toEqual(
    accepted ? { kind: 'session', id } : 'cross_site_request',
  );
});
