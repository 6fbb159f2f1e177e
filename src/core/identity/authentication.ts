/**
 * What an identity can carry, by the kind of its credential and the kind of source that checks it. This is the only table of it: sources are
 * configured, test identities are checked, and policy tools look for examples by it.
 */
import type { CredentialKind } from '../credential/credential.ts';
import type { SourceFields } from './read-fields.ts';
import type { UserNaming } from './user-naming.ts';

/** Kinds of sources. */
export const sourceKinds = ['authApi', 'introspection', 'userinfo', 'jwt', 'session', 'certificate'] as const;
export type SourceKind = (typeof sourceKinds)[number];

/** Fields that an identity never has, whatever the source returns; null: the source does not check such credentials. */
type Never = readonly Exclude<keyof SourceFields, 'userId' | 'claims' | 'assumeVerifiedEmail'>[] | null;

const never: Readonly<Record<SourceKind, Readonly<Record<CredentialKind, Never>>>> = {
  // It returns sessions for bearers, also for those of browsers, and keys for the others.
  authApi: { bearer: ['keyId'], keyPair: ['sessionId'], apiKey: ['sessionId'], session: ['keyId'], certificate: null },
  introspection: { bearer: [], keyPair: null, apiKey: [], session: null, certificate: null },
  userinfo: { bearer: [], keyPair: null, apiKey: [], session: null, certificate: null },
  jwt: { bearer: [], keyPair: null, apiKey: null, session: null, certificate: null },
  // A provider at which browsers sign in.
  session: { bearer: null, keyPair: null, apiKey: null, session: ['keyId'], certificate: null },
  certificate: {
    bearer: null,
    keyPair: null,
    apiKey: null,
    session: null,
    certificate: ['sessionId', 'keyId', 'tokenId', 'authenticatedAt'],
  },
};

export function checks(source: SourceKind, kind: CredentialKind): boolean {
  return never[source][kind] !== null;
}

/** Whether an identity can have the field at all. */
export function canCarry(source: SourceKind, kind: CredentialKind, field: keyof SourceFields): boolean {
  return never[source][kind]?.some((one) => one === field) === false;
}

/** Those of the fields that an identity can have. */
export function carried(fields: SourceFields, source: SourceKind, kind: CredentialKind): SourceFields {
  return { ...fields, ...Object.fromEntries((never[source][kind] ?? []).map((field) => [field, null])) };
}

/** One way in which a caller can be authenticated. */
export interface Authentication {
  readonly kind: CredentialKind;
  /** Name of the source that checks the credential. */
  readonly acceptedBy: string;
  readonly users: UserNaming;
  readonly fields: SourceFields;
}
