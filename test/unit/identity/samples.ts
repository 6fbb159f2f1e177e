/** Credentials, identities and settings shared by these tests. */
import { compileAuthApiFields } from '../../../src/config/compile-fields.ts';
import type { BearerCredential, KeyPairCredential } from '../../../src/core/credential/credential.ts';
import type { Identity } from '../../../src/core/identity/identity.ts';
import type { UserNaming } from '../../../src/core/identity/user-naming.ts';

export function bearer(token = 'a'.repeat(64)): BearerCredential {
  return { kind: 'bearer', token };
}

export function keyPair(apiKey = 'k'.repeat(32), apiSecret = 's'.repeat(64)): KeyPairCredential {
  return { kind: 'keyPair', apiKey, apiSecret };
}

export function identity(changes: Partial<Identity> = {}): Identity {
  return {
    kind: 'bearer',
    userId: '66666666-7777-4888-9999-aaaaaaaaaaaa',
    roles: ['user', 'reporter'],
    groups: ['public', 'acme'],
    alias: 'ana',
    fullName: 'Ana Example',
    sessionId: '11111111-2222-4333-8444-555555555555',
    keyId: null,
    tokenId: null,
    issuedAtMs: null,
    authenticatedAtMs: null,
    claims: {},
    source: 'authApi',
    acceptedBy: 'authApi',
    expireAtMs: Number.POSITIVE_INFINITY,
    ...changes,
  };
}

/** A source that shares its users with no other. */
export function ownUsers(source = 'authApi'): UserNaming {
  return { source, prefix: '', foreignPrefixes: [], roles: null };
}

/** The field paths of the platform's own Auth API. */
export const platformFields = compileAuthApiFields(
  {
    userId: 'userID',
    roles: 'roles',
    groups: 'groups',
    expireAt: 'expireAt',
    sessionId: 'sessionID',
    keyId: 'keyID',
    alias: { session: 'alias', keyPair: 'userAlias' },
    fullName: { session: 'fullName', keyPair: 'userName' },
    verified: 'verified',
    tokenId: null,
    issuedAt: null,
    authenticatedAt: null,
    claims: {},
  },
  {},
);
