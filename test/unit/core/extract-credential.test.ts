/** Exactly one credential, none, or a refusal (RFC 6750 section 2.1, RFC 9110 section 11.1). */
import { describe, expect, test } from 'vitest';
import type { CredentialSources } from '../../../src/core/credential/credential.ts';
import { extractCredential } from '../../../src/core/credential/extract-credential.ts';
import { normalizeRequest } from '../../../src/core/request/normalize-request.ts';
import { keyPairSettings } from '../../support/credential-sources.ts';
import { sources, view } from './make-policy.ts';

function extract(
  headers: readonly string[],
  from: CredentialSources = sources,
  line = 'GET /a?api-key=k&access_token=t',
) {
  const seen = view(line, headers);
  const request = normalizeRequest(seen);
  if (typeof request === 'string') return expect.fail(request);
  return extractCredential(request, seen.rawHeaders, from, null);
}

const bearer = (token: string) => ({ kind: 'bearer', token });
const pair = (apiKey: string, apiSecret: string) => ({ kind: 'keyPair', apiKey, apiSecret });

describe('one credential', () => {
  test.each([
    ['none', [], null],
    ['bearer', ['Authorization: Bearer abc'], bearer('abc')],
    ['scheme in lower case', ['authorization: bearer abc'], bearer('abc')],
    ['scheme in capitals', ['AUTHORIZATION: BEARER abc'], bearer('abc')],
    ['several spaces after the scheme', ['Authorization: Bearer   abc'], bearer('abc')],
    ['every character of a token', ['Authorization: Bearer aZ09-._~+/=='], bearer('aZ09-._~+/==')],
    ['the case of the token is kept', ['Authorization: Bearer AbC'], bearer('AbC')],
    ['key pair', ['api-key: k', 'api-secret: s'], pair('k', 's')],
    ['key pair in capitals', ['API-KEY: k', 'Api-Secret: s'], pair('k', 's')],
    ['key pair in the other order', ['api-secret: s', 'x: y', 'api-key: k'], pair('k', 's')],
    ['key pair of punctuation', ['api-key: a:b,c;d', 'api-secret: !"#$%'], pair('a:b,c;d', '!"#$%')],
    [
      'other headers are not credentials',
      ['X-Api-Key: k', 'X-Authorization: Bearer a', 'Proxy-Authorization: Bearer a'],
      null,
    ],
    ['an unconfigured cookie', ['Cookie: session=abc; token=abc; api-key=k'], null],
    ['underscores make another name', ['api_key: k', 'api_secret: s'], null],
  ])('%s', (_name, headers, expected) => {
    expect(extract(headers)).toEqual(expected);
  });

  test('only the configured header names are read', () => {
    const own = {
      ...sources,
      keyPair: { ...keyPairSettings, apiKeyHeader: 'x-client', apiSecretHeader: 'x-client-secret' },
    };
    expect(extract(['X-Client: k', 'X-Client-Secret: s'], own)).toEqual(pair('k', 's'));
    expect(extract(['api-key: k', 'api-secret: s'], own)).toBeNull();
  });
});

test.each<[string, (text: string) => string[]]>([
  ['bearer', (text) => [`Authorization: Bearer ${text}`]],
  ['API key', (text) => [`api-key: ${text}`, 'api-secret: s']],
  ['secret', (text) => ['api-key: k', `api-secret: ${text}`]],
])('%s: accepted up to the limit', (_name, write) => {
  const short = { ...sources, maxLength: 300 };
  expect(extract(write('a'.repeat(300)), short)).toHaveProperty('kind');
  expect(extract(write('a'.repeat(301)), short)).toBe('credential_too_long');
});

describe('refused', () => {
  test.each([
    ['scheme only', ['Authorization: Bearer'], 'credential_malformed'],
    ['scheme and a space', ['Authorization: Bearer '], 'credential_malformed'],
    ['empty header', ['Authorization: '], 'credential_malformed'],
    ['two tokens', ['Authorization: Bearer a b'], 'credential_malformed'],
    ['list of tokens', ['Authorization: Bearer a,b'], 'credential_malformed'],
    ['list of credentials', ['Authorization: Bearer a, Bearer b'], 'credential_malformed'],
    ['padding in the middle', ['Authorization: Bearer a=b'], 'credential_malformed'],
    ['padding only', ['Authorization: Bearer =='], 'credential_malformed'],
    ['quoted', ['Authorization: Bearer "a"'], 'credential_malformed'],
    ['tab after the scheme', ['Authorization: Bearer\tabc'], 'credential_scheme_unsupported'],
    ['space after the token', ['Authorization: Bearer abc '], 'credential_malformed'],
    ['non-breaking space after the token', ['Authorization: Bearer abc\xa0'], 'credential_malformed'],
    ['non-breaking space after the scheme', ['Authorization: Bearer\xa0abc'], 'credential_scheme_unsupported'],
    ['zero byte', ['Authorization: Bearer a\0b'], 'credential_malformed'],
    ['token beyond ASCII', ['Authorization: Bearer \u00e4'], 'credential_malformed'],
    ['basic', ['Authorization: Basic dTpw'], 'credential_scheme_unsupported'],
    ['digest', ['Authorization: Digest username="u", realm="r"'], 'credential_scheme_unsupported'],
    ['scheme with a longer name', ['Authorization: BearerX abc'], 'credential_scheme_unsupported'],
    ['token without a scheme', ['Authorization: abc'], 'credential_scheme_unsupported'],
    ['token in another scheme', ['Authorization: Token abc'], 'credential_scheme_unsupported'],
    ['two bearers', ['Authorization: Bearer a', 'authorization: Bearer b'], 'credential_repeated'],
    ['the same bearer twice', ['Authorization: Bearer a', 'Authorization: Bearer a'], 'credential_repeated'],
    ['bearer and another scheme', ['Authorization: Bearer a', 'Authorization: Basic dTpw'], 'credential_repeated'],
    ['bearer and an empty header', ['Authorization: Bearer a', 'Authorization: '], 'credential_repeated'],
    ['key twice', ['api-key: k', 'api-key: k', 'api-secret: s'], 'credential_repeated'],
    ['secret twice', ['api-key: k', 'api-secret: s', 'Api-Secret: t'], 'credential_repeated'],
    ['key without a secret', ['api-key: k'], 'credential_incomplete'],
    ['secret without a key', ['api-secret: s'], 'credential_incomplete'],
    ['empty key', ['api-key: ', 'api-secret: s'], 'credential_malformed'],
    ['empty secret', ['api-key: k', 'api-secret: '], 'credential_malformed'],
    ['space within the key', ['api-key: a b', 'api-secret: s'], 'credential_malformed'],
    ['non-breaking space after the key', ['api-key: k\xa0', 'api-secret: s'], 'credential_malformed'],
    ['byte order mark before the secret', ['api-key: k', 'api-secret: \ufeffs'], 'credential_malformed'],
    ['control character in the secret', ['api-key: k', 'api-secret: s\x01'], 'credential_malformed'],
    ['key beyond ASCII', ['api-key: \u00e4', 'api-secret: s'], 'credential_malformed'],
    ['both kinds', ['Authorization: Bearer a', 'api-key: k', 'api-secret: s'], 'credential_conflict'],
    [
      'both kinds in the other order',
      ['api-secret: s', 'api-key: k', 'Authorization: Bearer a'],
      'credential_conflict',
    ],
    ['bearer and half of a pair', ['Authorization: Bearer a', 'api-key: k'], 'credential_conflict'],
    ['basic and a pair', ['Authorization: Basic dTpw', 'api-key: k', 'api-secret: s'], 'credential_conflict'],
  ])('%s', (_name, headers, reason) => {
    expect(extract(headers)).toBe(reason);
  });
});

describe('the configured cookie', () => {
  const withCookie = { ...sources, bearerCookie: 'session' };
  const ownOrigin = ['Sec-Fetch-Site: same-origin'];
  test.each([
    ['alone', ['Cookie: session=abc'], bearer('abc')],
    ['one cookie among others', ['Cookie: a=b; session=abc; c=d'], bearer('abc')],
    ['in the second header', ['Cookie: a=b', 'Cookie: session=abc'], bearer('abc')],
    ['another name', ['Cookie: xsession=abc; sessionx=abc'], null],
    ['another case of the name', ['Cookie: Session=abc'], null],
    ['name in a value', ['Cookie: a=session=abc'], null],
    ['twice in one header', ['Cookie: session=a; session=b'], 'credential_repeated'],
    ['twice in two headers', ['Cookie: session=a', 'Cookie: session=a'], 'credential_repeated'],
    ['empty', ['Cookie: session='], 'credential_malformed'],
    ['non-breaking space after the value', ['Cookie: session=abc\xa0'], 'credential_malformed'],
    ['non-breaking space before the name', ['Cookie: \xa0session=abc'], null],
    ['space within the value', ['Cookie: session=a b'], 'credential_malformed'],
    ['cookie and a bearer', ['Cookie: session=a', 'Authorization: Bearer a'], 'credential_conflict'],
    ['cookie and a key pair', ['Cookie: session=a', 'api-key: k', 'api-secret: s'], 'credential_conflict'],
    ['cookie and half of a key pair', ['Cookie: session=a', 'api-key: k'], 'credential_conflict'],
  ])('%s', (_name, headers, expected) => {
    expect(extract([...headers, ...ownOrigin], withCookie)).toEqual(expected);
  });

  test.each([
    ['GET from anywhere', 'GET', ['Sec-Fetch-Site: cross-site'], bearer('abc')],
    ['HEAD without an origin', 'HEAD', [], bearer('abc')],
    ['OPTIONS without an origin', 'OPTIONS', [], bearer('abc')],
    ['POST from the same origin', 'POST', ['Sec-Fetch-Site: same-origin'], bearer('abc')],
    ['POST typed by the user', 'POST', ['Sec-Fetch-Site: none'], bearer('abc')],
    ['POST from the same site', 'POST', ['Sec-Fetch-Site: same-site'], 'cross_site_request'],
    ['POST from another site', 'POST', ['Sec-Fetch-Site: cross-site'], 'cross_site_request'],
    ['POST with an unknown word', 'POST', ['Sec-Fetch-Site: friendly'], 'cross_site_request'],
    [
      'POST that says both',
      'POST',
      ['Sec-Fetch-Site: same-origin', 'Sec-Fetch-Site: cross-site'],
      'cross_site_request',
    ],
    ['POST with its own Origin', 'POST', ['Origin: https://api.example.test'], bearer('abc')],
    ['POST with its own Origin in capitals', 'POST', ['Origin: HTTPS://API.example.test'], bearer('abc')],
    ['POST with another Origin', 'POST', ['Origin: https://evil.test'], 'cross_site_request'],
    [
      'POST with an Origin that starts alike',
      'POST',
      ['Origin: https://api.example.test.evil.test'],
      'cross_site_request',
    ],
    ['POST with another port', 'POST', ['Origin: https://api.example.test:8443'], 'cross_site_request'],
    ['POST with the null origin', 'POST', ['Origin: null'], 'cross_site_request'],
    [
      'POST with two Origins',
      'POST',
      ['Origin: https://api.example.test', 'Origin: https://evil.test'],
      'cross_site_request',
    ],
    ['POST without a word on the origin', 'POST', [], 'cross_site_request'],
    ['PUT, PATCH and DELETE like POST', 'DELETE', ['Sec-Fetch-Site: cross-site'], 'cross_site_request'],
    ['an unknown method like POST', 'PURGE', [], 'cross_site_request'],
    [
      'a WebSocket from another site',
      'GET',
      ['Upgrade: websocket', 'Connection: Upgrade', 'Origin: https://evil.test'],
      'cross_site_request',
    ],
    [
      'a WebSocket from the same origin',
      'GET',
      ['Upgrade: websocket', 'Connection: Upgrade', 'Origin: http://api.example.test'],
      bearer('abc'),
    ],
    ['an override of the method', 'GET', ['X-HTTP-Method-Override: DELETE'], bearer('abc')],
  ])('same origin: %s', (_name, method, headers, expected) => {
    expect(extract(['Cookie: session=abc', ...headers], withCookie, `${method} /a`)).toEqual(expected);
  });

  test('a bearer in its header is exempt from the same-origin check', () => {
    expect(extract(['Authorization: Bearer a', 'Sec-Fetch-Site: cross-site'], withCookie, 'POST /a')).toEqual(
      bearer('a'),
    );
  });
});

test('ignores the last name of an odd number of raw headers', () => {
  const seen = view('GET /', ['Authorization: Bearer a']);
  const request = normalizeRequest(seen);
  if (typeof request === 'string') return expect.fail(request);
  expect(extractCredential(request, [...seen.rawHeaders, 'api-key'], sources, null)).toEqual(bearer('a'));
});
