/** What events revoke at a source with cached results, in addition to the source whose keys verify them. */
import { describe, expect, test } from 'vitest';
import type { JwtSourceConfig } from '../../../../src/config/source-config.ts';
import type { EventToken } from '../../../../src/identity/security-events/event-token.ts';
import { revokedByLogout } from '../../../../src/identity/security-events/logout-token.ts';
import { revokedByEvents } from '../../../../src/identity/security-events/security-event-token.ts';
import type { Issuer } from '../../../../src/identity/sources/create-sources.ts';

const issuer = {
  source: 'tokens',
  config: { issuer: 'https://id.test' } as JwtSourceConfig,
  keys: {} as Issuer['keys'],
  dependents: ['opaque'],
};

const at = 1_000_000;
const token = (claims: EventToken['claims'], events: EventToken['events']): EventToken => ({
  ...{ tokenId: 'event-1', issuedAtMs: at, claims, events },
});

describe('a logout token', () => {
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
  const session = (source: string) => ({ kind: 'session', id: 's-1', source });
  const user = { kind: 'user', id: 'ann', source: 'opaque' };
  test.each([
    ['with a session', { sid: 's-1' }, [session('tokens'), session('opaque')]],
    ['with a session and a user', { sid: 's-1', sub: 'ann' }, [session('tokens'), session('opaque'), user]],
    ['with a user', { sub: 'ann' }, [{ ...user, source: 'tokens', issuedBeforeMs: at }, user]],
  ])('%s', (_name, claims, revoked) => {
    const rules = { audience: [], maxMessageAgeMs: 1, ends: 'session' } as const;
    expect(revokedByLogout(token(claims, events), rules, issuer)).toEqual(revoked);
  });
});

describe('a security event', () => {
  const type = 'https://schemas.openid.net/secevent/caep/event-type/session-revoked';
  const opaque = (id: string) => ({ format: 'opaque', id });
  test.each([
    ['of a session', opaque('s-1'), [{ kind: 'session', id: 's-1' }]],
    [
      'of a session and its user',
      { format: 'complex', session: opaque('s-1'), user: { format: 'iss_sub', iss: 'https://id.test', sub: 'ann' } },
      [
        { kind: 'session', id: 's-1' },
        { kind: 'user', id: 'ann', issuedBeforeMs: at },
      ],
    ],
    [
      'of a user',
      { format: 'iss_sub', iss: 'https://id.test', sub: 'ann' },
      [{ kind: 'user', id: 'ann', issuedBeforeMs: at }],
    ],
  ])('%s', (_name, subject, ended) => {
    const revoked = revokedByEvents(token({ sub_id: subject }, { [type]: {} }), issuer);
    expect(revoked).toEqual([{ ...ended[0], source: 'tokens' }, ...ended.map((one) => ({ ...one, source: 'opaque' }))]);
  });
});
