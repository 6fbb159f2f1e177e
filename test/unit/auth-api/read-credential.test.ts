/** The credential that a request carries. */
import { describe, expect, it } from 'vitest';
import { readCredential } from '../../../src/auth-api/credentials/read-credential.ts';
import { Refusal } from '../../../src/auth-api/outcome/refusals.ts';

const malformed = { kind: 'malformed' };
const repeated = new Refusal('credential_repeated');
const conflict = new Refusal('credential_conflict');

const rows: readonly [name: string, headers: readonly string[], expected: object][] = [
  ['nothing', [], { kind: 'none' }],
  ['unrelated headers', ['X-Authorization', 'Bearer a', 'Cookie', 'bearer=a'], { kind: 'none' }],
  ['a bearer', ['Authorization', 'Bearer aA0-._~+/=='], { kind: 'bearer', bearer: 'aA0-._~+/==', carrier: 'header' }],
  [
    'header name and scheme in any case',
    ['AUTHORIZATION', 'BEARER a'],
    { kind: 'bearer', bearer: 'a', carrier: 'header' },
  ],
  ['several spaces', ['authorization', 'Bearer   a \t'], { kind: 'bearer', bearer: 'a', carrier: 'header' }],
  ['a tab instead of the space', ['authorization', 'Bearer\ta'], malformed],
  ['no token', ['authorization', 'Bearer '], malformed],
  ['two tokens', ['authorization', 'Bearer a b'], malformed],
  ['a list', ['authorization', 'Bearer a,b'], malformed],
  ['a no-break space', ['authorization', 'Bearer a\u00a0'], malformed],
  ['a line break', ['authorization', 'Bearer a\n'], malformed],
  ['another scheme', ['authorization', 'Basic YTpi'], malformed],
  ['an empty header', ['authorization', ''], malformed],
  ['padding in the middle', ['authorization', 'Bearer a=b'], malformed],
  ['a pair', ['api-key', 'k', 'Api-Secret', 's!'], { kind: 'keypair', apiKey: 'k', apiSecret: 's!' }],
  ['a key without its secret', ['api-key', 'k'], malformed],
  ['a secret without its key', ['api-secret', 's'], malformed],
  ['an empty secret', ['api-key', 'k', 'api-secret', ''], malformed],
  ['a space in a secret', ['api-key', 'k', 'api-secret', 's s'], malformed],
  ['a letter beyond ASCII', ['api-key', 'k', 'api-secret', 'ü'], malformed],
  ['two equal bearers', ['authorization', 'Bearer a', 'authorization', 'Bearer a'], repeated],
  ['two keys', ['api-key', 'k', 'api-key', 'k', 'api-secret', 's'], repeated],
  ['two secrets', ['api-key', 'k', 'api-secret', 's', 'API-SECRET', 's'], repeated],
  ['both kinds', ['authorization', 'Bearer a', 'api-key', 'k', 'api-secret', 's'], conflict],
  ['a bearer and half of a pair', ['api-secret', 's', 'authorization', 'Bearer a'], conflict],
  ['a malformed bearer and a pair', ['authorization', 'x', 'api-key', 'k', 'api-secret', 's'], conflict],
];

const inCookie = { kind: 'bearer', bearer: 'a', carrier: 'cookie' };
const crossSite = new Refusal('cross_site_request');
const here = ['Origin', 'https://example.test'];

const cookieRows: readonly [name: string, method: string, headers: readonly string[], expected: object][] = [
  ['alone', 'GET', ['Cookie', 'sid=a'], inCookie],
  ['one cookie among others', 'GET', ['Cookie', 'x=1;  sid=a ; y="2"'], inCookie],
  ['a Cookie header of its own', 'GET', ['Cookie', 'x=1', 'cookie', 'sid=a'], inCookie],
  ['another name', 'GET', ['Cookie', 'sid2=a; xsid=b; SID=c; sid'], { kind: 'none' }],
  ['an empty value', 'GET', ['Cookie', 'sid='], malformed],
  ['invalid characters', 'GET', ['Cookie', 'sid=a"b'], malformed],
  ['twice', 'GET', ['Cookie', 'sid=a; sid=a'], repeated],
  ['the cookie in two headers', 'GET', ['Cookie', 'sid=a', 'Cookie', 'sid=b'], repeated],
  ['the cookie and a bearer', 'GET', ['Cookie', 'sid=a', 'Authorization', 'Bearer a'], conflict],
  ['the cookie and a pair', 'GET', ['Cookie', 'sid=a', 'api-key', 'k', 'api-secret', 's'], conflict],
  ['the cookie and half of a pair', 'GET', ['Cookie', 'sid=a', 'api-key', 'k'], conflict],
  ['a read from another site', 'GET', ['Cookie', 'sid=a', 'Sec-Fetch-Site', 'cross-site'], inCookie],
  ['a write from the same origin', 'PUT', ['Cookie', 'sid=a', ...here], inCookie],
  [
    'a write that the browser marks as same-origin',
    'DELETE',
    ['Cookie', 'sid=a', 'Sec-Fetch-Site', 'same-origin'],
    inCookie,
  ],
  ['a write from another origin', 'PUT', ['Cookie', 'sid=a', 'Origin', 'https://evil.test'], crossSite],
  ['a write from a sibling site', 'POST', ['Cookie', 'sid=a', 'Sec-Fetch-Site', 'same-site', ...here], crossSite],
  ['a write of unknown origin', 'DELETE', ['Cookie', 'sid=a'], crossSite],
  ['a write from an opaque origin', 'DELETE', ['Cookie', 'sid=a', 'Origin', 'null'], crossSite],
  [
    'the cookie and a bearer from another origin',
    'PUT',
    ['Cookie', 'sid=a', 'Authorization', 'Bearer a', 'Origin', 'x://y'],
    conflict,
  ],
  [
    'a bearer alone from another origin',
    'PUT',
    ['Authorization', 'Bearer a', 'Origin', 'https://evil.test'],
    { ...inCookie, carrier: 'header' },
  ],
];

describe('readCredential', () => {
  it.each(rows)('%s', (_name, headers, expected) => {
    expect(readCredential(request('GET', headers), null)).toEqual(expected);
    expect(readCredential(request('GET', headers), 'sid')).toEqual(expected);
  });

  it.each(cookieRows)('with a cookie: %s', (_name, method, headers, expected) => {
    expect(readCredential(request(method, headers), 'sid')).toEqual(expected);
  });
});

function request(method: string, rawHeaders: readonly string[]) {
  return { method, rawHeaders, authority: 'example.test' };
}
