/** The client's side of a WebSocket handshake (RFC 6455 section 4.1). */
import { expect, test } from 'vitest';
import { handshakeFault } from '../../../src/core/request/websocket-handshake.ts';
import { splitHeader } from './make-policy.ts';

const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
const version = 'Sec-WebSocket-Version: 13';

test.each([
  ['a valid handshake', [key, version], null],
  ['names in any case', [key.toLowerCase().replace(/:.*/, ': AAAAAAAAAAAAAAAAAAAAAA=='), version.toUpperCase()], null],
  ['no key', [version], 'websocket_handshake_invalid'],
  ['two keys', [key, key, version], 'websocket_handshake_invalid'],
  ['an empty key', ['Sec-WebSocket-Key:', version], 'websocket_handshake_invalid'],
  ['a short key', ['Sec-WebSocket-Key: dGhl', version], 'websocket_handshake_invalid'],
  ['a long key', [`${key}A`, version], 'websocket_handshake_invalid'],
  [
    'a key with nonzero padding bits',
    ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==', version],
    'websocket_handshake_invalid',
  ],
  ['a key in base64url', ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j_Q==', version], 'websocket_handshake_invalid'],
  ['no version', [key], 'websocket_handshake_invalid'],
  ['two versions', [key, version, version], 'websocket_handshake_invalid'],
  ['an older version', [key, 'Sec-WebSocket-Version: 8'], 'websocket_version_unsupported'],
  ['a version that is not a number', [key, 'Sec-WebSocket-Version: 13x'], 'websocket_version_unsupported'],
  ['a list of versions', [key, 'Sec-WebSocket-Version: 13, 8'], 'websocket_version_unsupported'],
])('%s', (_name, headers, reason) => {
  expect(handshakeFault(headers.flatMap(splitHeader))).toBe(reason);
});
