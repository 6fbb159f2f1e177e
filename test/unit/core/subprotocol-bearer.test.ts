/** The bearer that a browser offers as a WebSocket subprotocol (RFC 6455 section 4.1). */
import { describe, expect, test } from 'vitest';
import { extractCredential } from '../../../src/core/credential/extract-credential.ts';
import { withoutSubprotocolBearer } from '../../../src/core/credential/subprotocol-bearer.ts';
import { normalizeRequest } from '../../../src/core/request/normalize-request.ts';
import { sources, view } from './make-policy.ts';

const configured = { ...sources, bearerCookie: 'session', websocketProtocol: 'rolegate.bearer' };
const handshake = ['Connection: keep-alive, Upgrade', 'Upgrade: websocket'];
const bearer = (token: string) => ({ kind: 'bearer', token });

function extract(headers: readonly string[], from = configured) {
  const seen = view('GET /a', headers);
  const request = normalizeRequest(seen);
  if (typeof request === 'string') return expect.fail(request);
  return extractCredential(request, seen.rawHeaders, from, null);
}

describe('accepted and refused offers', () => {
  test.each([
    ['the word after the marker', ['Sec-WebSocket-Protocol: rolegate.bearer, abc, app.v1'], bearer('abc')],
    ['any position', ['Sec-WebSocket-Protocol: app.v1,rolegate.bearer,abc'], bearer('abc')],
    ['two headers', ['Sec-WebSocket-Protocol: rolegate.bearer', 'sec-websocket-protocol: abc'], bearer('abc')],
    [
      'a token equal to the marker',
      ['Sec-WebSocket-Protocol: rolegate.bearer, rolegate.bearer'],
      bearer('rolegate.bearer'),
    ],
    ['no marker', ['Sec-WebSocket-Protocol: app.v1, abc'], null],
    ['the marker in another case', ['Sec-WebSocket-Protocol: Rolegate.Bearer, abc'], null],
    ['nothing after the marker', ['Sec-WebSocket-Protocol: rolegate.bearer'], 'credential_malformed'],
    ['an empty word after the marker', ['Sec-WebSocket-Protocol: rolegate.bearer,,abc'], 'credential_malformed'],
    ['an invalid token after the marker', ['Sec-WebSocket-Protocol: rolegate.bearer, a b'], 'credential_malformed'],
    ['a token beyond ASCII', ['Sec-WebSocket-Protocol: rolegate.bearer, a\xa0'], 'credential_malformed'],
    ['twice', ['Sec-WebSocket-Protocol: rolegate.bearer, a, rolegate.bearer, b'], 'credential_repeated'],
    [
      'twice in two headers',
      ['Sec-WebSocket-Protocol: rolegate.bearer, a', 'Sec-WebSocket-Protocol: rolegate.bearer, a'],
      'credential_repeated',
    ],
    [
      'next to Authorization',
      ['Sec-WebSocket-Protocol: rolegate.bearer, a', 'Authorization: Bearer a'],
      'credential_conflict',
    ],
    [
      'malformed next to Authorization',
      ['Sec-WebSocket-Protocol: rolegate.bearer', 'Authorization: Bearer a'],
      'credential_conflict',
    ],
    [
      'next to a key pair',
      ['Sec-WebSocket-Protocol: rolegate.bearer, a', 'api-key: k', 'api-secret: s'],
      'credential_conflict',
    ],
    ['next to half of a key pair', ['Sec-WebSocket-Protocol: rolegate.bearer, a', 'api-key: k'], 'credential_conflict'],
    ['next to the cookie', ['Sec-WebSocket-Protocol: rolegate.bearer, a', 'Cookie: session=a'], 'credential_conflict'],
    ['another spelling of the header', ['Sec_WebSocket_Protocol: rolegate.bearer, a'], null],
  ])('%s', (_name, headers, expected) => {
    expect(extract([...handshake, ...headers])).toEqual(expected);
  });

  const offered = 'Sec-WebSocket-Protocol: rolegate.bearer, abc';
  test.each([
    ['no upgrade', [offered]],
    ['an upgrade to something else', [offered, 'Connection: Upgrade', 'Upgrade: h2c']],
    ['an upgrade that Connection does not list', [offered, 'Upgrade: websocket', 'Connection: close']],
  ])('ignored outside of a handshake: %s', (_name, headers) => {
    expect(extract(headers)).toBeNull();
  });

  test('ignored when not configured', () => {
    expect(extract([...handshake, offered], { ...configured, websocketProtocol: null as never })).toBeNull();
  });
});

test.each([
  ['rolegate.bearer, abc, app.v1', 'app.v1'],
  ['app.v1, rolegate.bearer, abc, app.v2', 'app.v1, app.v2'],
  ['app.v1 ,rolegate.bearer,abc', 'app.v1'],
  ['rolegate.bearer, abc', ''],
  ['rolegate.bearer', ''],
  ['rolegate.bearer, a, rolegate.bearer, b', ''],
  ['rolegate.bearer, rolegate.bearer, app.v1', 'app.v1'],
  ['app.v1, app.v2', 'app.v1, app.v2'],
  [',, app.v1,', 'app.v1'],
])('what remains of "%s"', (offered, left) => {
  expect(withoutSubprotocolBearer(offered, 'rolegate.bearer')).toBe(left);
});
