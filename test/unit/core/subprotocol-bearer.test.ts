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

describe('what is read', () => {
  test.each([
    ['the word behind the marker', ['Sec-WebSocket-Protocol: rolegate.bearer, abc, app.v1'], bearer('abc')],
    ['wherever it stands', ['Sec-WebSocket-Protocol: app.v1,rolegate.bearer,abc'], bearer('abc')],
    ['over two headers', ['Sec-WebSocket-Protocol: rolegate.bearer', 'sec-websocket-protocol: abc'], bearer('abc')],
    [
      'a token that reads like the marker',
      ['Sec-WebSocket-Protocol: rolegate.bearer, rolegate.bearer'],
      bearer('rolegate.bearer'),
    ],
    ['without the marker: nothing', ['Sec-WebSocket-Protocol: app.v1, abc'], null],
    ['the marker has a case', ['Sec-WebSocket-Protocol: Rolegate.Bearer, abc'], null],
    ['nothing behind it', ['Sec-WebSocket-Protocol: rolegate.bearer'], 'credential_malformed'],
    ['an empty word behind it', ['Sec-WebSocket-Protocol: rolegate.bearer,,abc'], 'credential_malformed'],
    ['no token behind it', ['Sec-WebSocket-Protocol: rolegate.bearer, a b'], 'credential_malformed'],
    ['beyond ASCII', ['Sec-WebSocket-Protocol: rolegate.bearer, a\xa0'], 'credential_malformed'],
    ['twice', ['Sec-WebSocket-Protocol: rolegate.bearer, a, rolegate.bearer, b'], 'credential_repeated'],
    [
      'twice in two headers',
      ['Sec-WebSocket-Protocol: rolegate.bearer, a', 'Sec-WebSocket-Protocol: rolegate.bearer, a'],
      'credential_repeated',
    ],
    [
      'beside Authorization',
      ['Sec-WebSocket-Protocol: rolegate.bearer, a', 'Authorization: Bearer a'],
      'credential_conflict',
    ],
    [
      'malformed beside Authorization',
      ['Sec-WebSocket-Protocol: rolegate.bearer', 'Authorization: Bearer a'],
      'credential_conflict',
    ],
    [
      'beside a key pair',
      ['Sec-WebSocket-Protocol: rolegate.bearer, a', 'api-key: k', 'api-secret: s'],
      'credential_conflict',
    ],
    ['beside half a key pair', ['Sec-WebSocket-Protocol: rolegate.bearer, a', 'api-key: k'], 'credential_conflict'],
    ['beside the cookie', ['Sec-WebSocket-Protocol: rolegate.bearer, a', 'Cookie: session=a'], 'credential_conflict'],
    ['another spelling of the header', ['Sec_WebSocket_Protocol: rolegate.bearer, a'], null],
  ])('%s', (_name, headers, expected) => {
    expect(extract([...handshake, ...headers])).toEqual(expected);
  });

  const offered = 'Sec-WebSocket-Protocol: rolegate.bearer, abc';
  test.each([
    ['no upgrade', [offered]],
    ['an upgrade to something else', [offered, 'Connection: Upgrade', 'Upgrade: h2c']],
    ['an upgrade that Connection does not list', [offered, 'Upgrade: websocket', 'Connection: close']],
  ])('only in a handshake: %s', (_name, headers) => {
    expect(extract(headers)).toBeNull();
  });

  test('nothing when nobody configured it', () => {
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
])('what is left of "%s"', (offered, left) => {
  expect(withoutSubprotocolBearer(offered, 'rolegate.bearer')).toBe(left);
});
