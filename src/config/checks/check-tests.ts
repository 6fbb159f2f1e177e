/** Tests of the rules, over all files: they must refer to existing identities, roles, routes and reasons. */
import { kindInWords } from '../../core/credential/credential.ts';
import { canCarry } from '../../core/identity/authentication.ts';
import { type Claims, type ClaimTable, type ClaimValue, readClaimValue } from '../../core/identity/claims.ts';
import type { Identity } from '../../core/identity/identity.ts';
import type { FieldRule, SourceFields } from '../../core/identity/read-fields.ts';
import { scopedRole, scopeOf } from '../../core/identity/scoped-role.ts';
import { rolesFrom, userIdOf } from '../../core/identity/user-naming.ts';
import { reasons } from '../../core/outcome/reasons.ts';
import type { RoleMapping } from '../../core/policy/map-roles.ts';
import { canonicalHost } from '../../core/url/canonical-host.ts';
import { type ClaimedSources, claimedIdentity, fieldsOf, type ListedSource, sourceFor } from '../claimed-identity.ts';
import type { ConfigFile } from '../schema.ts';
import type { TestCase, TestSuite } from '../test-suite.ts';
import { reportUndeclaredClaim } from './check-identity-claims.ts';
import { exampleOf } from './check-role-scopes.ts';
import { type DeclaredRoles, formOf, reportUndeclared } from './check-roles.ts';
import type { Location } from './location.ts';
import { placeFrom, type RuleFile } from './rule-file.ts';

type IdentityEntry = ConfigFile['tests']['identities'][string];
type CaseEntry = ConfigFile['tests']['cases'][number];

/** What tests may refer to. */
export interface TestScope {
  readonly roles: DeclaredRoles;
  /** Declared claims. */
  readonly claims: ClaimTable;
  readonly roleMapping: RoleMapping | null;
  readonly routeIds: ReadonlyMap<string, unknown>;
  readonly sources: ClaimedSources;
  /** Words of conditions. */
  readonly words: ReadonlySet<string>;
}

/** Compiles valid entries; a problem anywhere makes the result unusable. */
export function checkTests(files: readonly RuleFile[], scope: TestScope): TestSuite {
  const identities = new Map<string, Identity>();
  const roles = rolesOfIdentities(scope);
  const declaredIn = new Map<string, RuleFile>();
  for (const file of files) {
    for (const [name, entry] of Object.entries(file.tests.identities)) {
      const at = file.testsAt.at('identities', name);
      const earlier = declaredIn.get(name);
      if (earlier !== undefined) {
        const where = placeFrom(file, earlier, earlier.testsAt.at('identities', name));
        const message = `the identity "${name}" is declared in another file (${where})`;
        at.reportKey(message, 'declare it once; it can be used everywhere');
      }
      declaredIn.set(name, file);
      const { claims } = entry;
      const identity =
        claims === undefined
          ? checkIdentity(entry, name, at, roles, scope)
          : readClaims({ ...entry, claims }, at, scope.sources);
      if (identity !== null) identities.set(name, identity);
    }
  }
  const cases = files.flatMap(({ file, tests, testsAt }) =>
    tests.cases.map((entry, index) => checkCase(entry, testsAt.at('cases', index), file, declaredIn, scope)),
  );
  return { identities, cases };
}

/** The declared ones, and those of the Auth API from which declared ones are derived. */
function rolesOfIdentities({ roles, roleMapping }: TestScope): DeclaredRoles {
  const origins = roleMapping?.origins.filter(({ field }) => field === 'roles') ?? [];
  if (origins.length === 0) return roles;
  const further = origins.flatMap(({ values }) => [...values].map((name) => [name, name] as const));
  return { ...roles, forms: new Map([...roles.forms, ...further.filter(([name]) => !roles.forms.has(name))]) };
}

/** A role of an identity is written as sources write it. */
function checkHeld(role: string, at: Location, declared: DeclaredRoles): void {
  const forms = [...declared.forms.values()];
  const isHeld = (form: string) => {
    const scoped = scopedRole(form);
    return scoped !== null && scopeOf(scoped, role) !== null;
  };
  if (forms.some(isHeld)) return;
  const form = formOf(role, declared);
  if (form === role) reportUndeclared(role, at, declared);
  else at.report(`the role ${at.quote(role)} is held in a scope`, `write it as the source does: "${exampleOf(form)}"`);
}

/** Null: a problem was reported. Roles need not be declared: tokens are issued for other services, too. */
function readClaims({ claims, source, kind }: IdentityEntry, at: Location, from: ClaimedSources): Identity | null {
  const read = claimedIdentity({ claims, source, kind }, from);
  if (!('problem' in read)) return read;
  const place = at.at(read.of === 'source' && source === undefined ? 'claims' : read.of);
  place.report(read.problem, place.isOwn ? read.hint : null);
  return null;
}

function checkIdentity(
  entry: IdentityEntry,
  name: string,
  at: Location,
  roles: DeclaredRoles,
  { claims, sources, roleMapping }: TestScope,
): Identity {
  const { kind } = entry;
  const of = checkSource(entry, at, sources, roleMapping);
  const fields = of === null ? null : checkFields(entry, at, of);
  for (const [index, role] of entry.roles.entries()) checkHeld(role, at.at('roles', index), roles);
  return {
    kind,
    userId: entry.userId ?? (of?.users.prefix ?? '') + name,
    roles: listOf(entry.roles, fields?.roles),
    groups: listOf(entry.groups, fields?.groups),
    alias: entry.alias ?? null,
    fullName: entry.fullName ?? null,
    sessionId: idOf(entry.sessionId, `session-${name}`, kind === 'bearer', fields?.sessionId),
    keyId: idOf(entry.keyId, `key-${name}`, kind !== 'bearer', fields?.keyId),
    tokenId: null,
    issuedAtMs: null,
    authenticatedAtMs: entry.authenticatedAt ?? null,
    claims: checkClaimValues(entry.claimValues, at.at('claimValues'), claims),
    source: of?.users.source ?? 'authApi',
    acceptedBy: of?.name ?? 'authApi',
    expireAtMs: Infinity,
  };
}

/** The fields that the source gives to an identity with such a credential; no other may be written. */
function checkFields(entry: IdentityEntry, at: Location, source: ListedSource): SourceFields {
  const { kind } = entry;
  const fields = fieldsOf(source, kind);
  for (const field of carriedFields) {
    const value = entry[field];
    const rule = fields[field];
    if (value === undefined || String(value) === '') continue;
    if (!canCarry(source.kind, kind, field)) {
      at.at(field).reportKey(`"${field}" has no meaning for ${kindInWords[kind]}`, 'remove it');
    } else if (rule === null) {
      const hint = `remove it, or set "fields.${field}" of the source`;
      at.at(field).reportKey(`the source "${source.name}" does not give identities a "${field}"`, hint);
    } else if ('value' in rule && String(rule.value) !== String(value)) {
      at.at(field).report(`the source "${source.name}" gives every identity the same "${field}"`, 'remove it');
    }
  }
  for (const { name, rule } of fields.claims) {
    const there = at.at('claimValues', name);
    if (rule === null && there.isWritten) there.reportKey(`the source "${source.name}" does not give this claim`);
  }
  return fields;
}

const carriedFields = ['roles', 'groups', 'sessionId', 'keyId', 'authenticatedAt', 'alias', 'fullName'] as const;

/** A constant of the source if the test has no other names. */
function listOf(list: readonly string[], rule: FieldRule | null | undefined): readonly string[] {
  return list.length === 0 && rule != null && 'value' in rule ? [rule.value].flat() : list;
}

/** `isOwn`: it is the usual id of such a credential, which tests have unless the source has none. */
function idOf(
  id: string | undefined,
  usual: string,
  isOwn: boolean,
  rule: FieldRule | null | undefined,
): string | null {
  if (id !== undefined) return id;
  if (rule === null) return null;
  if (rule !== undefined && 'value' in rule) return String(rule.value);
  return isOwn || rule?.optional === false ? usual : null;
}

/** Null: a problem was reported. */
function checkSource(
  { kind, source, userId, roles }: IdentityEntry,
  at: Location,
  sources: ClaimedSources,
  roleMapping: RoleMapping | null,
) {
  const match = sourceFor(kind, source, sources);
  if ('problem' in match) {
    const there = at.at(match.of === 'kind' && kind !== 'bearer' ? 'kind' : 'source');
    there.report(match.problem, there.isOwn ? match.hint : null);
    return null;
  }
  const { users, name } = match;
  const { prefix } = users;
  if (userId !== undefined && (!userId.startsWith(prefix) || userIdOf(users, userId.slice(prefix.length)) === null)) {
    const expected = prefix === '' ? 'begin with no "userPrefix" of another source' : `begin with "${prefix}"`;
    at.at('userId').report(`user ids of the source "${name}" ${expected}`);
  }
  roles.forEach((role, index) => {
    if (rolesFrom(users, [role]).length > 0) return;
    // It has no effect by itself, but others may be derived from it.
    if (roleMapping?.origins.some(({ field, values }) => field === 'roles' && values.has(role)) === true) return;
    at.at('roles', index).report(`the source "${name}" may not give this role`, `add it to its "roles"`);
  });
  return match;
}

function checkClaimValues(values: IdentityEntry['claimValues'], at: Location, declared: ClaimTable): Claims {
  const claims: Record<string, ClaimValue> = {};
  for (const [name, value] of Object.entries(values)) {
    const there = at.at(name);
    const type = declared.get(name);
    if (type === undefined) reportUndeclaredClaim(name, there, declared, true);
    else {
      const read = readClaimValue(value, type);
      if (read === null) there.report(`expected a value of type ${type}`, 'as "identity.claims" declares it');
      else claims[name] = read;
    }
  }
  return claims;
}

function checkCase(
  entry: CaseEntry,
  at: Location,
  file: string,
  identities: ReadonlyMap<string, unknown>,
  { routeIds, words }: TestScope,
): TestCase {
  reportUnknown(entry.as, at.at('as'), identities, 'identity');
  reportUnknown(entry.route, at.at('route'), routeIds, 'route');
  checkReason(entry, at.at('reason'), words);
  const upstreamHeaders = Object.entries(entry.upstreamHeaders);
  if (entry.expect !== 'allow' && upstreamHeaders.length > 0) {
    at.at('upstreamHeaders').reportKey('a refused request does not reach the upstream', 'remove it');
  }
  const { request } = entry;
  const requestAt = at.at('request');
  if (request.host !== null && canonicalHost(request.host) === null) {
    requestAt.report('the URL of this request names no valid host');
  }
  const line = requestAt.isOwn ? `${request.method} ${request.host ?? ''}${request.target}` : 'a request';
  return {
    ...request,
    name: entry.name ?? `${line} ${entry.as === undefined ? 'without a credential' : `as ${entry.as}`}`,
    file,
    line: at.line,
    as: entry.as ?? null,
    headers: Object.entries(entry.headers).flatMap(([name, value]) => [value].flat().flatMap((text) => [name, text])),
    client: entry.client ?? null,
    trusted: entry.trusted,
    time: entry.time ?? null,
    expect: entry.expect,
    route: entry.route ?? null,
    reason: entry.reason ?? null,
    upstreamHeaders: new Map(upstreamHeaders.map(([name, value]) => [name.toLowerCase(), value])),
  };
}

function reportUnknown(
  name: string | undefined,
  at: Location,
  known: ReadonlyMap<string, unknown>,
  what: 'identity' | 'route',
): void {
  if (name === undefined || known.has(name)) return;
  at.report(`there is no ${what} ${at.quote(name)}`, at.nearest(name, known.keys()));
}

function checkReason({ reason, expect }: CaseEntry, at: Location, words: ReadonlySet<string>): void {
  if (reason === undefined) return;
  if (!Object.hasOwn(reasons, reason) && !words.has(reason)) {
    const nearest = at.didYouMean(reason, [...words, ...Object.keys(reasons)]);
    const hint = nearest ?? 'if a condition had this reason, no route or policy uses the condition any more';
    at.report(`nothing refuses with the reason ${at.quote(reason)}`, hint);
  }
  if (expect === 'allow') at.reportKey('an allowed request has no reason', 'remove it');
}
