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
  ['a bearer', ['Authorization', 'Bearer aA0-._~+/=='], { kind: 'bearer', bearer: 'aA0-._~+/==' }],
  ['header name and scheme in any case', ['AUTHORIZATION', 'BEARER a'], { kind: 'bearer', bearer: 'a' }],
  ['several spaces', ['authorization', 'Bearer   a \t'], { kind: 'bearer', bearer: 'a' }],
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

describe('readCredential', () => {
  it.each(rows)('%s', (_name, headers, expected) => {
    expect(readCredential(headers)).toEqual(expected);
  });
});
