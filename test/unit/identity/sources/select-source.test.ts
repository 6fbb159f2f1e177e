/** Which source handles a bearer: no spelling of a token avoids its issuer's source. */
import { describe, expect, it } from 'vitest';
import { selectSource } from '../../../../src/identity/sources/select-source.ts';

const rule = {
  bearer: 'opaque',
  keyPair: null,
  apiKey: 'keys',
  issuers: [{ issuer: 'https://issuer.test', source: 'issuer' }],
  certificate: null,
  sessions: [],
};
const part = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const header = part({ alg: 'ES256', typ: 'at+jwt' });
const of = (iss: unknown) => part({ iss, sub: 'ann?>' });
const ours = `${header}.${of('https://issuer.test')}.c2lnbg`;
const foreign = `${header}.${of('https://foreign.test')}.c2lnbg`;

const tokens: readonly (readonly [form: string, token: string, source: string | null])[] = [
  ['not a JWT', 'opaque-token', 'opaque'],
  ['not a JWT, in three parts', 'a.b.c', 'opaque'],
  ['a signed value that is not a JWT', `${part({ user: 'ann' })}.b.c`, 'opaque'],
  ['a JWT of the issuer', ours, 'issuer'],
  ['a JWT of the issuer without a signature', `${ours.slice(0, ours.lastIndexOf('.'))}.`, 'issuer'],
  ['a JWT of another issuer', foreign, 'opaque'],
  ['an encrypted JWT behind a dot', `.${part({ alg: 'dir', enc: 'A256GCM' })}..aXY.dGV4dA.dGFn`, null],
  ['dots', '...', 'opaque'],
  ['a JWT behind something else', `v1.${foreign}`, 'opaque'],
  ['an encrypted JWT', `${part({ alg: 'dir', enc: 'A256GCM' })}..aXY.dGV4dA.dGFn`, 'opaque'],
  ...[ours, foreign].flatMap((token) => {
    const whose = token === ours ? 'of the issuer' : 'of another issuer';
    const source = token === ours ? 'issuer' : null;
    return [
      [`a JWT ${whose}, behind a dot`, `.${token}`, source],
      [`a JWT ${whose}, behind dots`, `...${token}`, source],
      [`a JWT ${whose}, padded`, `${token}=`, source],
      [`a JWT ${whose}, with an extra part`, `${token}.x`, source],
      [`a JWT ${whose}, with an extra empty part`, `${token}.`, source],
      [`a JWT ${whose}, with five parts`, `${token}.x.y`, source],
      [`a JWT ${whose}, with other trailing bits`, `${token.slice(0, -1)}h`, source],
      [`a JWT ${whose}, with an invalid character`, `${token}~`, source],
      [`a JWT ${whose}, without its signature`, token.slice(0, token.lastIndexOf('.')), source],
    ] as const;
  }),
  [
    'a JWT with a repeated issuer',
    `${header}.${part('{"iss":"https://issuer.test","iss":"https://foreign.test"}')}.YQ`,
    null,
  ],
  ['a JWT with invalid claims', `${header}.${part('text')}.YQ`, null],
];

describe('selectSource', () => {
  it.each(tokens)('%s', (_, token, source) => {
    const selected = selectSource({ kind: 'bearer', token }, rule);
    expect(selected.source).toBe(source);
    expect(selected.why).not.toContain('foreign.test');
  });

  it.each<[string, string, string | null]>([
    ['no JWT', 'a-key', 'keys'],
    ['a JWT of the issuer', ours, null],
    ['a JWT of the issuer, padded', `${ours}=`, null],
    ['a JWT of the issuer, behind a dot', `.${ours}`, null],
    ['a JWT of another issuer, which its source may accept', foreign, 'keys'],
  ])('an API key that is %s', (_, key, source) => {
    expect(selectSource({ kind: 'apiKey', key }, rule).source).toBe(source);
    expect(selectSource({ kind: 'apiKey', key }, { ...rule, issuers: [] }).source).toBe('keys');
  });

  it('ignores the form where no source verifies tokens itself', () => {
    for (const [, token] of tokens) {
      expect(selectSource({ kind: 'bearer', token }, { ...rule, issuers: [] }).source).toBe('opaque');
    }
  });
});
