/** Tests of the rules, over all files: that they name identities, roles, routes and reasons which there are. */

import type { Identity } from '../../core/identity/identity.ts';
import { reasons } from '../../core/outcome/reasons.ts';
import type { RoleMapping } from '../../core/policy/map-roles.ts';
import { canonicalHost } from '../../core/url/canonical-host.ts';
import type { RequestLine } from '../schema/tests.ts';
import type { ConfigFile, Parts } from '../schema.ts';
import type { TestCase, TestSuite } from '../test-suite.ts';
import { isIdentifier } from '../units/is-identifier.ts';
import type { Path } from '../yaml/tree.ts';
import type { Check } from './check.ts';
import { type DeclaredRoles, reportUndeclared } from './check-roles.ts';
import { placeFrom, type RuleFile } from './rule-file.ts';

type Tests = NonNullable<Parts<ConfigFile>['tests']>;
type IdentityEntry = NonNullable<NonNullable<Tests['identities']>[string]>;
type CaseEntry = NonNullable<NonNullable<Tests['cases']>[number]>;

/** What tests may name. */
export interface TestScope {
  readonly roles: DeclaredRoles;
  readonly roleMapping: RoleMapping | null;
  readonly routeIds: ReadonlyMap<string, unknown>;
  /** Words of conditions. */
  readonly words: ReadonlySet<string>;
}

/** Compiles what has no problems; a problem anywhere makes the result of no use. */
export function checkTests(files: readonly RuleFile[], scope: TestScope): TestSuite {
  const identities = new Map<string, Identity>();
  const roles = rolesOfIdentities(scope);
  const declaredIn = new Map<string, RuleFile>();
  for (const file of files) {
    for (const [name, entry] of Object.entries(file.tests?.identities ?? {})) {
      const path = [...file.testsAt, 'identities', name];
      const earlier = declaredIn.get(name);
      if (earlier !== undefined) {
        const where = placeFrom(file, earlier, [...earlier.testsAt, 'identities', name]);
        file.check.atKey(
          path,
          `the identity "${name}" is declared in another file (${where})`,
          'name it once, use it everywhere',
        );
      }
      declaredIn.set(name, file);
      if (entry !== undefined) identities.set(name, checkIdentity(entry, name, path, roles, file.check));
    }
  }
  const cases = files.flatMap((file) =>
    (file.tests?.cases ?? []).flatMap((entry, index) => {
      const path = [...file.testsAt, 'cases', index];
      return entry === undefined ? [] : (checkCase(entry, path, file, declaredIn, scope) ?? []);
    }),
  );
  return { identities, cases };
}

/** Those that are declared, and those of the Auth API from which declared ones follow. */
function rolesOfIdentities({ roles, roleMapping }: TestScope): DeclaredRoles {
  const origins = roleMapping?.origins.filter(({ field }) => field === 'roles') ?? [];
  if (roles === null || origins.length === 0) return roles;
  return new Map([...roles, ...origins.flatMap(({ values }) => [...values].map((name) => [name, []] as const))]);
}

function checkIdentity(entry: IdentityEntry, name: string, path: Path, roles: DeclaredRoles, check: Check): Identity {
  const names = (key: 'roles' | 'groups') => {
    const list = (entry[key] ?? []).filter((item) => item !== undefined);
    list.forEach((item, index) => {
      if (/[,\p{Cc}]/u.test(item)) check.at([...path, key, index], 'such a name has no comma and no control character');
    });
    return list;
  };
  for (const key of ['userId', 'sessionId', 'keyId'] as const) {
    const value = entry[key];
    if (value !== undefined && !isIdentifier(value)) {
      check.at([...path, key], 'expected visible ASCII without blanks, at most 256 characters');
    }
  }
  const { kind = 'bearer' } = entry;
  const foreign = kind === 'bearer' ? 'keyId' : 'sessionId';
  if (entry[foreign] !== undefined) {
    check.atKey(
      [...path, foreign],
      `"${foreign}" has no meaning for ${kind === 'bearer' ? 'a bearer' : 'a key pair'}`,
      'remove it',
    );
  }
  const held = names('roles');
  held.forEach((role, index) => {
    if (roles !== null && !roles.has(role)) reportUndeclared(role, [...path, 'roles', index], roles, check);
  });
  return {
    kind,
    userId: entry.userId ?? name,
    roles: held,
    groups: names('groups'),
    alias: entry.alias ?? null,
    fullName: entry.fullName ?? null,
    sessionId: kind === 'bearer' ? (entry.sessionId ?? `session-${name}`) : null,
    keyId: kind === 'key_pair' ? (entry.keyId ?? `key-${name}`) : null,
    expireAtMs: Infinity,
  };
}

function checkCase(
  entry: CaseEntry,
  path: Path,
  { file, check }: RuleFile,
  identities: ReadonlyMap<string, unknown>,
  { routeIds, words }: TestScope,
): TestCase | null {
  const known = (key: 'as' | 'route', names: Iterable<string>, has: boolean, what: string) => {
    const value = entry[key];
    const at = [...path, key];
    if (value !== undefined && !has)
      check.at(at, `there is no ${what} ${check.quote(at, value)}`, check.nearest(at, value, names));
  };
  known('as', identities.keys(), identities.has(entry.as ?? ''), 'identity');
  known('route', routeIds.keys(), routeIds.has(entry.route ?? ''), 'route');
  const { reason } = entry;
  // Read from one scalar, so it is whole.
  const request = entry.request as RequestLine | undefined;
  const at = [...path, 'reason'];
  if (reason !== undefined && !Object.hasOwn(reasons, reason) && !words.has(reason)) {
    const names = [...words, ...Object.keys(reasons)];
    const nearest = check.nearest(at, reason, names);
    const hint = nearest?.startsWith('did') === true ? nearest : 'a reason of the gateway, or the word of a condition';
    check.at(at, `there is no reason ${check.quote(at, reason)}`, hint);
  }
  if (entry.expect === 'allow' && reason !== undefined) check.atKey(at, 'what is allowed has no reason', 'remove it');
  if (entry.expect === 'refuse' && check.keys([...path, 'upstreamHeaders'])?.length) {
    check.atKey([...path, 'upstreamHeaders'], 'a refused request does not reach the upstream', 'remove it');
  }
  if (request !== undefined && request.host !== null && canonicalHost(request.host) === null) {
    check.at([...path, 'request'], 'the URL of this request names no valid host');
  }
  if (request === undefined || entry.expect === undefined) return null;
  const headers = Object.entries(entry.headers ?? {}).flatMap(([name, value]) =>
    (typeof value === 'object' ? value : [value]).flatMap((text) => (text === undefined ? [] : [name, text])),
  );
  const line = check.isOwn([...path, 'request'])
    ? `${request.method} ${request.host ?? ''}${request.target ?? ''}`
    : 'a request';
  return {
    name: entry.name ?? `${line} ${entry.as === undefined ? 'without a credential' : `as ${entry.as}`}`,
    file,
    line: check.lineOf(path),
    as: entry.as ?? null,
    method: request.method,
    host: request.host,
    secure: request.secure,
    target: request.target,
    headers,
    client: entry.client ?? null,
    expect: entry.expect,
    route: entry.route ?? null,
    reason: reason ?? null,
    upstreamHeaders: new Map(
      Object.entries(entry.upstreamHeaders ?? {}).flatMap(([name, value]) =>
        value === undefined ? [] : [[name.toLowerCase(), value] as const],
      ),
    ),
  };
}
