/** The conditions of a route, and those with names: each compares one value by one operator, has its own reason, and can be met. */

import type { ClaimTable } from '../../core/identity/claims.ts';
import { reasons } from '../../core/outcome/reasons.ts';
import type { ConditionSource, CriterionSource, ValueSource } from '../../core/policy/conditions.ts';
import type { Route } from '../../core/routing/route.ts';
import { canonicalName } from '../../core/syntax/header-fields.ts';
import type { RoutePattern } from '../../core/url/path-pattern.ts';
import type { CriterionEntry, WhenEntry } from '../schema/conditions.ts';
import { unreadable } from '../schema/header-names.ts';
import type { ConfigFile } from '../schema.ts';
import { checkCondition } from './check-comparison.ts';
import { reportSource } from './check-operand.ts';
import { type DeclaredRoles, formOf, reportUndeclared } from './check-roles.ts';
import { credentialHeaders } from './check-sections.ts';
import type { Location } from './location.ts';

/** What conditions of a route may use. */
export interface ConditionScope {
  /** All patterns of the route; empty: none to compare names with. */
  readonly patterns: readonly RoutePattern[];
  /** Headers that conditions may read. */
  readonly headers: ConditionHeaders;
  readonly roles: DeclaredRoles;
  /** Declared claims. */
  readonly claims: ClaimTable;
  /** Values of `identity.source`. */
  readonly userSources: ReadonlySet<string>;
  readonly named: NamedConditions;
  /** Whether the route reads a credential with each of these methods (null: every one), so that there is an identity to compare. */
  readonly readsIdentity: (methods: readonly string[] | null) => boolean;
  readonly takesMethod: (method: string) => boolean;
  /** Ranges may contain every address (`conditions.allowEveryAddress`). */
  readonly allowsEveryAddress: boolean;
}

/** The same for the methods of one condition. */
export type CriterionScope = ConditionScope & { readonly identified: boolean };

/** Maximum words of all routes. */
const maxWords = 256;

/** Names in lower case, and which peers they are read from. */
export type ConditionHeaders = ReadonlyMap<string, 'any' | 'trusted'>;

/** Conditions by name; null: it has a problem. */
export type NamedConditions = ReadonlyMap<string, CriterionSource | null>;

/** `at`: of `conditions.named`. Values are checked against the pattern of each route that uses it. */
export function checkNamedConditions(
  entries: Readonly<Record<string, CriterionEntry>>,
  at: Location,
  scope: Omit<ConditionScope, 'patterns' | 'named' | 'readsIdentity'>,
): NamedConditions {
  const everywhere: ConditionScope = { ...scope, patterns: [], named: new Map(), readsIdentity: () => true };
  return new Map(
    Object.entries(entries).map(([name, entry]) => [name, checkCriterion(entry, at.at(name), everywhere, name)]),
  );
}

export function checkConditions(
  entries: readonly WhenEntry[],
  at: Location,
  scope: ConditionScope,
): readonly CriterionSource[] {
  return entries.flatMap((entry, index) => {
    const there = at.at(index);
    if (typeof entry === 'string') return useOf(entry, there, scope) ?? [];
    checkMethods(entry.methods, there.at('methods'), scope);
    return checkCriterion(entry, there, scope, null) ?? [];
  });
}

/** Null if there are problems. `name`: of a shared condition, which is its reason unless it has another. */
function checkCriterion(
  entry: CriterionEntry,
  at: Location,
  scope: ConditionScope,
  name: string | null,
): CriterionSource | null {
  const { reason, methods = null, unless = [] } = entry;
  if (reason !== undefined) checkWord(reason, at.at('reason'));
  else if (name !== null && Object.hasOwn(reasons, name)) {
    at.reportKey(`"${name}" is a reason of the gateway itself`, 'choose another name, or give it a "reason"');
  }
  const identified = scope.readsIdentity(methods);
  checkUnless(entry.unless, at.at('unless'), scope.roles, identified);
  const condition = checkCondition(entry, at, { ...scope, identified }, 0);
  if (condition === null) return null;
  const exempt = unless.map((role) => formOf(role, scope.roles));
  return { word: reason ?? name ?? '', unless: exempt, methods, name, condition };
}

/** The condition of that name, if the route can use it. */
function useOf(name: string, at: Location, scope: ConditionScope): CriterionSource | null {
  const criterion = scope.named.get(name);
  if (criterion === undefined) {
    const known = [...scope.named.keys()];
    const hint = known.length === 0 ? 'declare it there: "conditions: { named: { ... } }"' : at.nearest(name, known);
    at.report(`there is no condition ${at.quote(name)} under "conditions.named"`, hint);
    return null;
  }
  if (criterion === null) return null;
  const identified = scope.readsIdentity(criterion.methods ?? null);
  const sources = sourcesOf(criterion.condition);
  if (criterion.unless.length > 0 && !identified) {
    at.report(`"${name}" exempts roles, which no caller has on a public route`, 'compare the request only');
    return null;
  }
  const faults = sources.filter((source) => reportSource(source, at, { ...scope, identified }));
  return faults.length === 0 ? criterion : null;
}

function sourcesOf(condition: ConditionSource): readonly ValueSource[] {
  if ('subject' in condition) {
    const { subject, comparison } = condition;
    return 'operand' in comparison && 'source' in comparison.operand ? [subject, comparison.operand.source] : [subject];
  }
  if ('ranges' in condition || 'window' in condition) return [];
  const parts = 'not' in condition ? [condition.not] : 'all' in condition ? condition.all : condition.any;
  return parts.flatMap(sourcesOf);
}

/** Methods that the route takes. */
function checkMethods(methods: readonly string[] = [], at: Location, { takesMethod }: ConditionScope): void {
  methods.forEach((method, index) => {
    if (!takesMethod(method)) {
      at.at(index).report(`this route does not accept ${method}`, 'remove it, or list the method under "access"');
    }
  });
}

function checkWord(word: string, at: Location): void {
  if (!at.isOwn)
    at.report('a reason must be fixed text', 'it becomes a label of metrics, so it cannot contain a variable');
  else if (Object.hasOwn(reasons, word)) {
    at.report(`"${word}" is a reason of the gateway itself`, 'choose another word, such as wrong_tenant');
  }
}

/** Each word is a label of a metric, so their number is bounded. */
export function checkWords(
  routes: readonly Route[],
  places: readonly { readonly at: Location }[],
): ReadonlySet<string> {
  const words = new Set<string>();
  for (const { conditions, index } of routes) {
    const before = words.size;
    for (const { word } of conditions ?? []) words.add(word);
    if (before > maxWords || words.size <= maxWords) continue;
    const message = `the routes have more than ${maxWords} reasons of their own`;
    places[index]!.at.at('when').report(message, 'routes can share words');
  }
  return words;
}

/** `identified`: a credential is read, so that there can be roles. */
export function checkUnless(
  unless: readonly string[] | undefined,
  at: Location,
  roles: DeclaredRoles,
  identified: boolean,
): void {
  if (!identified && unless !== undefined) {
    at.reportKey('"unless" has no meaning on a public route: there are no roles', 'remove it');
  }
  unless?.forEach((role, index) => {
    reportUndeclared(role, at.at(index), roles);
  });
}

/**
 * Headers that conditions may read, in lower case: those that the client chooses freely and that reach the upstream unchanged. `at`: of the
 * file.
 */
export function checkConditionHeaders(file: ConfigFile, at: Location): ConditionHeaders {
  const credentials = new Set(['authorization', 'cookie', ...credentialHeaders(file).map(canonicalName)]);
  const identity = new Set(Object.keys(file.identityHeaders).map(canonicalName));
  const { trustedProxies, trustEveryPeer } = file.server;
  const trustsNone = trustedProxies.length === 0 && !trustEveryPeer;
  const names = new Map<string, 'any' | 'trusted'>();
  for (const [key, from] of Object.entries(file.conditions.headers)) {
    const name = key.toLowerCase();
    const there = at.at('conditions', 'headers', key);
    if (canonicalName(name) !== name) {
      const hint = 'some services treat every other character as "-": write "-"';
      there.reportKey('the name of such a header has letters, digits and "-" only', hint);
    } else if (credentials.has(name)) there.reportKey('this header carries credentials');
    else if (identity.has(name)) {
      const hint = 'compare a field of "identity" instead';
      there.reportKey('values that a client sends in this header are discarded', hint);
    } else if (unreadable.has(name) || name.startsWith('x-forwarded-')) {
      const hint = 'the client is compared by "client: address", the host by "match.host"';
      there.reportKey('this header has another meaning in HTTP', hint);
    } else if (names.has(name)) there.reportKey('this header is listed twice');
    if (from === 'trusted' && trustsNone) {
      const hint = 'list the proxies in front under "server.trustedProxies"';
      there.report('no proxy is trusted, so no request can have this header', hint);
    }
    names.set(name, from);
  }
  return names;
}
