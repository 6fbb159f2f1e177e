/**
 * Bearers that browsers send in `Sec-WebSocket-Protocol`: read only from a handshake, once, next to no other
 * credential, and forwarded to no service, on any route.
 */
import { expect } from 'vitest';
import { type Attack, attackSuite, bearer, request } from './support/attack-suite.ts';
import type { FooledUpstream } from './support/fooled-upstream.ts';
import { known } from './support/sloppy-service.ts';

const { token, key, secret } = known.user;
const word = 'rolegate.bearer';
const shake = (line: string, ...headers: string[]) =>
  request(line, [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  ]);
const offer = (...protocols: string[]) => `Sec-WebSocket-Protocol: ${protocols.join(', ')}`;
const unseen = ({ upstream }: { upstream: FooledUpstream }) => {
  const received = upstream.received().join('');
  for (const text of [token, word]) expect(received).not.toContain(text);
};

attackSuite(
  'bearers in subprotocols',
  [
    ...(
      [
        ['alone', offer(word, token)],
        ['before other protocols', offer(word, token, 'app.v1')],
        ['after other protocols', offer('app.v1', word, token)],
        ['in two headers, which are one list: RFC 9110 section 5.3', `${offer(word)}\r\n${offer(token)}`],
        ['without spaces', `Sec-WebSocket-Protocol: ${word},${token},app.v1`],
      ] as const
    ).map(
      ([name, header]): Attack => ({
        name: `accepted and removed: ${name}`,
        bytes: shake('GET /private/x', header),
        ...{ status: 101, reaches: '/private/x', harm: 'leaked credential', check: unseen },
      }),
    ),
    {
      name: 'also removed on a public route',
      bytes: shake('GET /other', offer(word, token, 'app.v1')),
      ...{ status: 101, reaches: '/other', check: unseen },
    },
    {
      name: 'removed from a request that is not a handshake',
      bytes: request('GET /other', [offer(word, token)]),
      ...{ status: 200, reaches: '/other', check: unseen },
    },
    {
      name: 'not forwarded in a spelling that services merge',
      bytes: shake('GET /private/x', bearer, `Sec_WebSocket_Protocol: ${word}, ${token}`),
      ...{ status: [101, 400], harm: 'leaked credential', check: unseen },
    },
    ...(
      [
        ['a request that is not a handshake', request('GET /private/x', [offer(word, token)])],
        ['a POST', request('POST /private/x', [offer(word, token), 'Content-Length: 0'])],
        ['h2c', request('GET /private/x', ['Connection: Upgrade', 'Upgrade: h2c', offer(word, token)])],
        ['Upgrade without Connection', request('GET /private/x', ['Upgrade: websocket', offer(word, token)])],
        ['only the token', shake('GET /private/x', offer(token))],
        ['only the marker', shake('GET /private/x', offer(word))],
        ['the token before the marker', shake('GET /private/x', offer(token, word))],
        ['another protocol in between', shake('GET /private/x', offer(word, 'app.v1', token))],
        ['the marker in another case', shake('GET /private/x', offer(word.toUpperCase(), token))],
        ['a longer marker', shake('GET /private/x', offer(`${word}s`, token))],
        ['an empty element in between', shake('GET /private/x', `Sec-WebSocket-Protocol: ${word}, , ${token}`)],
        ['a space instead of the comma', shake('GET /private/x', `Sec-WebSocket-Protocol: ${word} ${token}`)],
        ['a quoted token', shake('GET /private/x', offer(word, `"${token}"`))],
        ['a wrong token', shake('GET /private/x', offer(word, 'wrong'))],
        ['the marker twice', shake('GET /private/x', offer(word, token, word, token))],
        ['two tokens', shake('GET /private/x', offer(word, token, word, 'other'))],
        ['two headers with one each', shake('GET /private/x', offer(word, token), offer(word, token))],
        ['next to the same token in Authorization', shake('GET /private/x', offer(word, token), bearer)],
        [
          'next to another token in Authorization',
          shake('GET /private/x', offer(word, token), `Authorization: Bearer ${known.admin.token}`),
        ],
        ['next to a key pair', shake('GET /private/x', offer(word, token), `Api-Key: ${key}`, `Api-Secret: ${secret}`)],
        ['without the role', shake('GET /admin/x', offer(word, token))],
      ] as const
    ).map(
      ([name, bytes]): Attack => ({
        name: `refused: ${name}`,
        bytes: bytes + request('GET /admin/x'),
        ...{ status: [400, 401, 403], afterwards: [401], reaches: null },
      }),
    ),
  ],
  { more: `credentials: { websocketProtocol: ${word} }` },
);

/** Invalid handshakes (RFC 6455 section 4.1) that a service might still accept. */
attackSuite(
  'handshakes',
  (
    [
      ['no key', ['Sec-WebSocket-Version: 13']],
      ['a key of another length', ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAA']],
      ['a key that is not Base64', ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: ************************']],
      [
        'two keys',
        [
          'Sec-WebSocket-Version: 13',
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
          'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
        ],
      ],
      ['no version', ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']],
      ['an old version', ['Sec-WebSocket-Version: 8', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']],
      [
        'two versions',
        ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Version: 8', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='],
      ],
      ['a version of hixie-76', ['Sec-WebSocket-Key1: 1 2 3', 'Sec-WebSocket-Key2: 4 5 6']],
    ] as const
  ).map(
    ([name, headers]): Attack => ({
      name,
      bytes: [
        request('GET /private/x', ['Connection: Upgrade', 'Upgrade: websocket', ...headers, bearer]),
        request('GET /admin/x'),
      ],
      ...{ status: [400, 426], reaches: null, harm: 'protected path' },
    }),
  ),
);
