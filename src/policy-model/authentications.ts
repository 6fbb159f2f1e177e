/** The ways in which callers can be authenticated by a configuration, and the values that their identities can then have. */
import { fieldsOf } from '../config/claimed-identity.ts';
import type { Config } from '../config/config.ts';
import { kindsOf } from '../core/credential/credential.ts';
import type { Policy } from '../core/decide.ts';
import type { Authentication } from '../core/identity/authentication.ts';
import { claimOfText, claimText, isExact, readClaimValue, readTime } from '../core/identity/claims.ts';
import { isIdentifier, isNameList } from '../core/identity/identity-fields.ts';
import type { FieldRule, SourceFields } from '../core/identity/read-fields.ts';
import { userIdOf } from '../core/identity/user-naming.ts';
import type { ValueSource } from '../core/policy/conditions.ts';
import type { RoleOrigin } from '../core/policy/map-roles.ts';
import { type SampleValue, unreadable } from './samples/sample-value.ts';
import { isUnread } from './samples/scoped-texts.ts';

/** Rules, and who can be a caller. */
export interface PolicyModel extends Policy {
  readonly authentications: readonly Authentication[];
}

/** A value that belongs to the identity. */
export type IdentitySource = Extract<ValueSource, { readonly from: 'identity' | 'claim' }>;

export function authenticationsOf({
  authApi,
  sources,
  sourceRule: rule,
  credentials,
}: Pick<Config, 'authApi' | 'sources' | 'sourceRule' | 'credentials'>): readonly Authentication[] {
  const names = {
    bearer: [rule.bearer, ...rule.issuers.map(({ source }) => source)],
    keyPair: [rule.keyPair],
    apiKey: [rule.apiKey],
    session: rule.sessions,
    certificate: [rule.certificate],
  };
  return kindsOf(credentials).flatMap((kind) =>
    [...new Set(names[kind])].flatMap((acceptedBy): Authentication[] => {
      const source =
        acceptedBy === 'authApi' && authApi !== null ? authApi : sources.find(({ name }) => name === acceptedBy);
      if (source === undefined || acceptedBy === null) return [];
      return [{ kind, acceptedBy, users: source.users, fields: fieldsOf(source, kind) }];
    }),
  );
}

/** The only value that such identities have; undefined: there are several. */
export function onlyValue({ kind, users, fields }: Authentication, source: IdentitySource): SampleValue | undefined {
  if (source.from === 'identity' && source.field === 'kind') return kind;
  if (source.from === 'identity' && source.field === 'source') return users.source;
  const rule = ruleOf(fields, source);
  const isGroups = source.from === 'identity' && source.field === 'groups';
  if (rule === null) return isGroups ? [] : null;
  if (!('value' in rule)) return undefined;
  if (source.from === 'claim') {
    const value = readClaimValue(rule.value, source.type);
    return value === null ? unreadable : claimText({ [source.name]: value }, source.name);
  }
  return source.field === 'userId' ? `${users.prefix}${String(rule.value)}` : rule.value;
}

/** Whether such an identity can have the value. */
export function canHave(by: Authentication, source: IdentitySource, value: SampleValue): boolean {
  const only = onlyValue(by, source);
  if (only !== undefined) return String(only) === String(value);
  const rule = ruleOf(by.fields, source);
  if (value === null || value === unreadable) return rule !== null && 'optional' in rule && rule.optional;
  if (source.from === 'claim') return isClaim(value, source.type);
  if (source.field === 'groups') return isNameList(value);
  if (source.field !== 'userId') return isIdentifier(value);
  const { users } = by;
  const id = typeof value === 'string' && value.startsWith(users.prefix) ? value.slice(users.prefix.length) : null;
  return isIdentifier(id) && userIdOf(users, id) !== null;
}

/** A list that every identity of the source has. */
export function constantOf(rule: FieldRule | null): readonly string[] | undefined {
  return rule !== null && 'value' in rule ? [rule.value].flat() : undefined;
}

/** Whether such an identity can have the value in a field; of groups, among others. */
export function canHaveIn(by: Authentication, field: Exclude<RoleOrigin['field'], 'roles'>, value: string): boolean {
  if (field !== 'groups') return canHave(by, { from: 'identity', field }, value);
  return constantOf(by.fields.groups)?.includes(value) ?? canHave(by, { from: 'identity', field }, [value]);
}

/** `role`: in the form of rules. A role whose scope cannot be read counts as held by every identity. */
export function canHaveRole({ fields: { roles: rule } }: Authentication, role: string): boolean {
  if (rule === null) return isUnread(role);
  return !('value' in rule) || rule.value.includes(role) || role.includes('{');
}

/** Whether the time of the sign-in can be known, and unknown. */
export function signInOf({ fields: { authenticatedAt: rule } }: Authentication): {
  readonly known: boolean;
  readonly unknown: boolean;
} {
  return { known: rule !== null, unknown: rule === null || ('optional' in rule && rule.optional) };
}

function ruleOf(fields: SourceFields, source: IdentitySource): FieldRule | null {
  if (source.from === 'claim') return fields.claims.find(({ name }) => name === source.name)?.rule ?? null;
  return source.field === 'kind' || source.field === 'source' ? null : fields[source.field];
}

function isClaim(text: string | readonly string[], type: Extract<IdentitySource, { from: 'claim' }>['type']): boolean {
  const value = claimOfText(text, type);
  if (value === null) return false;
  // A condition compares a time in milliseconds.
  if (type === 'time') return Number.isInteger(value) && readTime(Math.floor(Number(value) / 1000)) !== null;
  return type === 'number' ? isExact(value) : readClaimValue(value, type) !== null;
}
