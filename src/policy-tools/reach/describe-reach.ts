/** What callers can reach, as plain data with conditions in words. */
import { type CredentialKind, kindInWords } from '../../core/credential/credential.ts';
import { conditionInWords } from '../../core/policy/describe-conditions.ts';
import { entriesOf, type RouteEntry, type RouteTable } from '../../core/routing/route-table.ts';
import { type Caller, type MethodReach, reachOf, type ScopeLimit, type Way } from './find-reach.ts';

/** Serializable as JSON; contains only routes that one of the callers reaches. */
export interface ReachedRoute {
  readonly id: string;
  readonly host: string | null;
  readonly path: string;
  readonly furtherPatterns?: readonly { readonly host: string | null; readonly path: string }[];
  readonly upstream: string;
  readonly access: readonly ReachedMethods[];
}

export interface ReachedMethods {
  /** `*`: every other method. */
  readonly methods: readonly string[];
  /** Methods that `*` does not include although no other entry lists them; absent if there are none. */
  readonly except?: readonly string[];
  /** Why the route is open to everyone; absent: the rule grants it to the caller. */
  readonly open?: 'public' | 'optional';
  /** One of these is enough, with all its conditions met. An empty list of conditions means always. */
  readonly ways: readonly (readonly string[])[];
}

/** The scope of a role that was given without one. */
export const heldScope = 'a scope in which the role is held';

export function describeReach(
  { routes }: RouteTable,
  callers: readonly Caller[],
  kinds: readonly CredentialKind[],
): { readonly routes: readonly ReachedRoute[]; readonly of: number } {
  const entries = entriesOf(routes);
  return { routes: entries.flatMap((entry) => describeEntry(entry, callers, kinds)), of: entries.length };
}

/** Merges patterns that are reached in the same way. */
function describeEntry(
  entry: RouteEntry,
  callers: readonly Caller[],
  kinds: readonly CredentialKind[],
): readonly ReachedRoute[] {
  const reached = entry.flatMap((route) => {
    const access = groupedMethods(reachOf(route, callers), kinds);
    return access.length === 0 ? [] : [{ route, access }];
  });
  return [...Map.groupBy(reached, ({ access }) => JSON.stringify(access)).values()].map(([first, ...others]) => {
    const { route, access } = first!;
    const further = others.map(({ route: { pattern } }) => ({ host: pattern.host, path: pattern.path }));
    return {
      id: route.id,
      host: route.pattern.host,
      path: route.pattern.path,
      ...(further.length === 0 ? {} : { furtherPatterns: further }),
      upstream: route.upstream,
      access,
    };
  });
}

function groupedMethods(methods: readonly MethodReach[], kinds: readonly CredentialKind[]): readonly ReachedMethods[] {
  const described = methods.map((one) => ({ ...one, ways: waysInWords(one.ways, kinds) }));
  const alike = Map.groupBy(described, ({ open, ways }) => JSON.stringify([open, ways]));
  return [...alike.values()].map((methods) => {
    const { open, ways } = methods[0]!;
    const except = methods.flatMap((one) => one.except);
    return {
      methods: methods.map(({ method }) => method),
      ...(except.length === 0 ? {} : { except }),
      ...(open === null ? {} : { open }),
      ways,
    };
  });
}

/** If one way has no condition, the others are redundant. */
function waysInWords(ways: readonly Way[], kinds: readonly CredentialKind[]): ReachedMethods['ways'] {
  const words = ways.map((way) => wayInWords(way, kinds));
  return words.some(({ length }) => length === 0) ? [[]] : words;
}

function wayInWords({ scopes, kinds, criteria }: Way, all: readonly CredentialKind[]): readonly string[] {
  const taken = kinds !== null && kinds.length < all.length ? [`the credential is ${inWords(kinds)}`] : [];
  return [...scopes.map(limitInWords), ...taken, ...criteria.map(({ steps }) => conditionInWords(steps, 0))];
}

function limitInWords({ param, kind, values }: ScopeLimit): string {
  return kind === 'one_of'
    ? `param ${param} is ${values.join(' or ')}`
    : `param ${param} is not ${values.join(' or ')}`;
}

function inWords(kinds: readonly CredentialKind[]): string {
  return kinds.map((kind) => kindInWords[kind]).join(' or ');
}
