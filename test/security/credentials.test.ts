/**
 * Credentials (RFC 6750, RFC 9110 section 11): read only from the documented headers, exactly and once, and never
 * forwarded to a service that must not see them.
 */
import { type Attack, attackSuite, bearer, request } from './support/attack-suite.ts';
import { known } from './support/sloppy-service.ts';

const { token, key, secret } = known.user;
const get = (...headers: string[]) => request('GET /private/x', headers);
type Row = readonly [name: string, bytes: string, code?: string];

const missing: readonly Row[] = [
  ['query: RFC 6750 section 2.3', request(`GET /private/x?access_token=${token}`)],
  ['query, key and secret', request(`GET /private/x?api-key=${key}&api-secret=${secret}`)],
  ['an unconfigured cookie', get(`Cookie: session=${token}; access_token=${token}`)],
  [
    'body: RFC 6750 section 2.2',
    request(
      'POST /private/x',
      ['Content-Type: application/x-www-form-urlencoded', `Content-Length: ${13 + token.length}`],
      `access_token=${token}`,
    ),
  ],
  ['Proxy-Authorization', get(`Proxy-Authorization: Bearer ${token}`)],
  ['X-Authorization', get(`X-Authorization: Bearer ${token}`)],
  ['X-Forwarded-Authorization', get(`X-Forwarded-Authorization: Bearer ${token}`)],
  ['X-Auth-Token', get(`X-Auth-Token: ${token}`)],
  ['X-Api-Key', get(`X-Api-Key: ${key}`, `X-Api-Secret: ${secret}`)],
  ['Api_Key', get(`Api_Key: ${key}`, `Api_Secret: ${secret}`)],
  ['another header name', get(`Authentication: Bearer ${token}`)],
  ['Sec-WebSocket-Protocol in an ordinary request', get(`Sec-WebSocket-Protocol: bearer, ${token}`)],
];

const malformed: readonly Row[] = [
  ['no token', get('Authorization: Bearer')],
  ['spaces instead of a token', get('Authorization: Bearer   ')],
  ['two tokens', get(`Authorization: Bearer ${token} ${token}`)],
  ['a list', get(`Authorization: Bearer ${token}, Bearer ${token}`)],
  ['a list of two schemes', get(`Authorization: Bearer ${token}, Basic eA==`)],
  ['a trailing comma', get(`Authorization: Bearer ${token},`)],
  ['quotation marks', get(`Authorization: Bearer "${token}"`)],
  ['a parameter', get(`Authorization: Bearer token=${token}`)],
  ['a no-break space as separator: CVE-2019-15606', get(`Authorization: Bearer\xa0${token}`)],
  ['a leading no-break space', get(`Authorization: \xa0Bearer ${token}`)],
  ['a trailing no-break space', get(`Authorization: Bearer ${token}\xa0`)],
  ['a byte beyond ASCII in the token', get(`Authorization: Bearer ${token}\xe9`)],
  ['a vertical tab', get(`Authorization: Bearer\x0b${token}`)],
  ['a trailing NUL', get(`Authorization: Bearer ${token}\x00`)],
  ['a control character inside', get(`Authorization: Bearer ${token}\x01`)],
  ['a semicolon', get(`Authorization: Bearer ${token};x`)],
  ['a tab as separator', get(`Authorization: Bearer\t${token}`)],
  ['a colon as separator', get(`Authorization: Bearer: ${token}`)],
  ['no space', get(`Authorization: Bearer${token}`)],
  ['Basic: RFC 7617', get(`Authorization: Basic ${Buffer.from(`${token}:`).toString('base64')}`)],
  ['Negotiate', get(`Authorization: Negotiate ${token}`)],
  ['Token', get(`Authorization: Token ${token}`)],
  ['only the token', get(`Authorization: ${token}`)],
  ['empty', get('Authorization:')],
  ['only a key', get(`Api-Key: ${key}`)],
  ['only a secret', get(`Api-Secret: ${secret}`)],
  ['key and an empty secret', get(`Api-Key: ${key}`, 'Api-Secret:')],
  ['empty key', get('Api-Key:', `Api-Secret: ${secret}`)],
  ['key with a space inside', get(`Api-Key: ${key} x`, `Api-Secret: ${secret}`)],
  ['secret with a no-break space', get(`Api-Key: ${key}`, `Api-Secret: ${secret}\xa0`)],
  ['secret of another key', get(`Api-Key: ${key}x`, `Api-Secret: ${secret}`)],
  ['another secret', get(`Api-Key: ${key}`, `Api-Secret: ${secret}x`)],
  ['key and secret shifted: CVE-2026-33496', get(`Api-Key: ${key}${secret[0]}`, `Api-Secret: ${secret.slice(1)}`)],
  ['secret in another case', get(`Api-Key: ${key}`, `Api-Secret: ${secret.toUpperCase()}`)],
  ['token in another case', get(`Authorization: Bearer ${token.toUpperCase()}`)],
  ['token without its last character', get(`Authorization: Bearer ${token.slice(0, -1)}`)],
  ['token with an extra character', get(`Authorization: Bearer ${token}1`)],
  ['token with padding', get(`Authorization: Bearer ${token}==`)],
  ['token of 8,192 characters', get(`Authorization: Bearer ${'a'.repeat(8192)}`)],
  ['unsigned JWT: CVE-2015-9235', get('Authorization: Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJib3NzIn0.')],
  ['__proto__', get('Authorization: Bearer __proto__')],
  ['constructor', get('Api-Key: constructor', 'Api-Secret: constructor')],
];

const conflicting: readonly Row[] = [
  ['the same bearer twice', get(bearer, bearer), 'credential_repeated'],
  ['two bearers', get(bearer, `Authorization: Bearer ${known.admin.token}`), 'credential_repeated'],
  ['two bearers in the other order', get(`Authorization: Bearer ${known.admin.token}`, bearer), 'credential_repeated'],
  ['a bearer and another scheme', get(bearer, 'Authorization: Basic eA=='), 'credential_repeated'],
  ['a bearer and an empty header', get(bearer, 'authorization:'), 'credential_repeated'],
  ['two keys', get(`Api-Key: ${key}`, `Api-Key: ${key}`, `Api-Secret: ${secret}`), 'credential_repeated'],
  ['two secrets', get(`Api-Key: ${key}`, `Api-Secret: x`, `Api-Secret: ${secret}`), 'credential_repeated'],
  ['bearer and key pair', get(bearer, `Api-Key: ${key}`, `Api-Secret: ${secret}`), 'credential_conflict'],
  [
    'key pair and a wrong bearer',
    get(`Api-Key: ${key}`, `Api-Secret: ${secret}`, 'Authorization: Bearer x'),
    'credential_conflict',
  ],
  ['bearer and half of a key pair', get(bearer, `Api-Key: ${key}`), 'credential_conflict'],
];

const good: readonly Row[] = [
  ['bearer', get(bearer)],
  ['scheme in lower case: RFC 9110 section 11.1', get(`Authorization: bearer ${token}`)],
  ['scheme in capitals', get(`AUTHORIZATION: BEARER ${token}`)],
  ['spaces around the value: RFC 9110 section 5.5', get(`Authorization: \t Bearer ${token} \t`)],
  ['key pair', get(`Api-Key: ${key}`, `API-SECRET: ${secret}`)],
];

/** Anything but the exact form is 401 or 400, and nothing reaches the service. */
attackSuite('credentials', [
  ...missing.map(
    ([name, bytes]): Attack => ({
      name: `not read from: ${name}`,
      bytes,
      status: 401,
      code: 'credential_missing',
      reaches: null,
    }),
  ),
  ...malformed.map(
    ([name, bytes]): Attack => ({ name: `not accepted: ${name}`, bytes, status: [400, 401], reaches: null }),
  ),
  ...conflicting.map(
    ([name, bytes, code]): Attack => ({
      name: `refused: ${name}`,
      bytes,
      status: 400,
      ...(code === undefined ? {} : { code }),
      reaches: null,
    }),
  ),
  ...good.map(
    ([name, bytes]): Attack => ({
      name: `accepted, and not forwarded: ${name}`,
      bytes,
      status: 200,
      reaches: '/private/x',
      harm: 'leaked credential',
    }),
  ),
  {
    name: 'not forwarded where this method needs no credential',
    bytes: request('GET /items/1', [bearer]),
    ...{ status: 200, reaches: '/items/1', harm: 'leaked credential' },
  },
  ...(['Authorization_: x', `authorization: Bearer ${token}`] as const).map((header) => ({
    name: `next to another spelling: ${header.split(':')[0]}`,
    bytes: get(`Api-Key: ${key}`, `Api-Secret: ${secret}`, header),
    ...{ status: header.startsWith('auth') ? 400 : 200 },
  })),
  ...([`Api_Key: ${key}`, `API_SECRET: ${secret}`, `api_secret: ${secret}`] as const).map(
    (header): Attack => ({
      name: `a spelling that services merge is not forwarded: ${header.split(':')[0]}`,
      bytes: get(bearer, header),
      ...{ status: [200, 400], harm: 'leaked credential' },
    }),
  ),
]);
