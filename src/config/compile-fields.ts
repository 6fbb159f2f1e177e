/** Creates the rules by which the fields of an identity are found in the JSON of a source. */

import { carried } from '../core/identity/authentication.ts';
import type { ClaimField, FieldPlace, FieldRule, SourceFields } from '../core/identity/read-fields.ts';
import type { InUnits } from './schema/in-units.ts';
import type { WrittenClaimFields, WrittenField } from './schema/source-fields.ts';
import type { ConfigFile } from './schema.ts';
import type { AuthApiSourceConfig } from './source-config.ts';
import { parseFieldPath } from './units/parse-field-path.ts';

type AuthApiFields = InUnits<NonNullable<ConfigFile['authApi']>>['fields'];
type GithubProvider = Extract<
  InUnits<NonNullable<ConfigFile['signIn']>>['providers'][string],
  { readonly kind: 'github' }
>;
type CertificateFields = Extract<ConfigFile['sources'][string], { readonly kind: 'certificate' }>['fields'];
type Field = InUnits<WrittenField>;
export type DeclaredClaims = InUnits<ConfigFile['identity']['claims']>;
type FieldPath = DeclaredClaims[string]['field'];

/** `endOptional`: for a source that returns the current state of a token; a token itself always contains its expiry. */
export function compileClaimFields(
  {
    fields,
    assumeVerifiedEmail,
  }: { readonly fields: InUnits<WrittenClaimFields>; readonly assumeVerifiedEmail: boolean },
  claims: DeclaredClaims,
  endOptional: boolean,
): SourceFields {
  return {
    assumeVerifiedEmail,
    userId: rule(fields.userId)!,
    roles: rule(fields.roles),
    groups: rule(fields.groups),
    expireAt: rule({ path: 'exp', optional: endOptional }),
    sessionId: rule(fields.sessionId),
    keyId: rule(fields.keyId),
    tokenId: rule(fields.tokenId),
    issuedAt: rule({ path: 'iat', optional: true }),
    authenticatedAt: rule(fields.authenticatedAt),
    claims: compileClaims(claims, fields.claims),
    alias: rule(fields.alias),
    fullName: rule(fields.fullName),
  };
}

export function compileGithubFields(
  { roles, groups, alias, fullName, claims: own }: GithubProvider['fields'],
  claims: DeclaredClaims,
): SourceFields {
  return {
    userId: rule('sub')!,
    roles: rule(roles),
    groups: rule(groups),
    // GitHub gives only an address that it has verified, and says so.
    assumeVerifiedEmail: false,
    expireAt: null,
    sessionId: null,
    keyId: null,
    tokenId: null,
    issuedAt: null,
    authenticatedAt: null,
    claims: compileClaims(claims, own),
    alias: rule(alias),
    fullName: rule(fullName),
  };
}

/** The authority of a certificate vouches for the address in it. */
export function compileCertificateFields(
  userId: string,
  { roles, groups, alias, fullName, claims: own }: InUnits<CertificateFields>,
  claims: DeclaredClaims,
): SourceFields {
  return {
    userId: rule(userId)!,
    roles: rule(roles),
    groups: rule(groups),
    assumeVerifiedEmail: true,
    expireAt: rule('notAfter'),
    sessionId: null,
    keyId: null,
    tokenId: null,
    issuedAt: rule('notBefore'),
    authenticatedAt: null,
    claims: compileClaims(claims, own),
    alias: rule(alias),
    fullName: rule(fullName),
  };
}

export function compileAuthApiFields(
  fields: AuthApiFields,
  claims: DeclaredClaims,
  assumeVerifiedEmail = false,
): Pick<AuthApiSourceConfig, 'fields' | 'verified'> {
  const common = {
    assumeVerifiedEmail,
    userId: rule(fields.userId)!,
    roles: rule(fields.roles),
    groups: rule(fields.groups),
    expireAt: rule(fields.expireAt),
    sessionId: rule(fields.sessionId),
    keyId: rule(fields.keyId),
    tokenId: rule(fields.tokenId),
    issuedAt: rule(fields.issuedAt),
    authenticatedAt: rule(fields.authenticatedAt),
    claims: compileClaims(claims, fields.claims),
  };
  const [alias, fullName] = [ofEach(fields.alias), ofEach(fields.fullName)];
  const names = (of: 'session' | 'keyPair') => ({ alias: rule(alias[of], true), fullName: rule(fullName[of], true) });
  const session = carried({ ...common, ...names('session') }, 'authApi', 'bearer');
  const keyPair = carried({ ...common, ...names('keyPair') }, 'authApi', 'keyPair');
  return { verified: rule(fields.verified), fields: { session, keyPair } };
}

/** By the declaration, unless the source has another path. */
function compileClaims(
  declared: DeclaredClaims,
  own: Readonly<Record<string, InUnits<WrittenField>>>,
): readonly ClaimField[] {
  return Object.entries(declared).map(([name, { field, type, split, part = null, optional }]) => {
    const path = { path: field, optional, ...(split === undefined ? {} : { split }) };
    return { name, type, part, rule: Object.hasOwn(own, name) ? rule(own[name]!, optional) : rule(path) };
  });
}

function ofEach(field: AuthApiFields['alias']) {
  return typeof field === 'object' && field !== null && 'session' in field ? field : { session: field, keyPair: field };
}

/** `optional`: the default if not specified. */
function rule(
  entry: Field | { readonly path: FieldPath; readonly optional: boolean; readonly split?: string },
  optional = false,
): FieldRule | null {
  if (entry === null) return null;
  if (typeof entry === 'string') return { places: [place(entry, null)], optional };
  if ('value' in entry) return { value: entry.value };
  if (!('path' in entry)) return { places: entry.map((one) => placeOf(one, null)), optional };
  const { path, optional: may } = entry;
  const split = 'split' in entry ? (entry.split ?? null) : null;
  const places = typeof path === 'string' ? [path] : path;
  return { places: places.map((one) => placeOf(one, split)), optional: optional || may };
}

function placeOf(
  entry: string | { readonly path: string; readonly split?: string | undefined },
  split: string | null,
): FieldPlace {
  return typeof entry === 'string' ? place(entry, split) : place(entry.path, entry.split ?? split);
}

function place(path: string, split: string | null): FieldPlace {
  const steps = parseFieldPath(path);
  if (steps === null) throw new Error('the schema takes no other path');
  return { path, steps, split };
}
