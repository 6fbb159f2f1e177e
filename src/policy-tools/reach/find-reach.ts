/**
 * What an identity can reach, without a request: the ways for each route and method, each with its requirements on a request. Rules
 * are checked as for a request; only conditions that depend on the request stay open.
 */
import type { CredentialKind } from '../../core/credential/credential.ts';
import type { Authentication } from '../../core/identity/authentication.ts';
import type { Identity } from '../../core/identity/identity.ts';
import { roleInScope, type ScopedRole, scopeOf } from '../../core/identity/scoped-role.ts';
import { type AccessRule, otherMethods, ruleFor } from '../../core/policy/access.ts';
import {
  appliesTo,
  type ConditionFacts,
  type Criterion,
  isOfIdentity,
  type Step,
} from '../../core/policy/conditions.ts';
import { concerns, exempting, truthOf } from '../../core/policy/evaluate-conditions.ts';
import { checkRoles, meets } from '../../core/policy/role-demand.ts';
import type { Route } from '../../core/routing/route.ts';
import { claims } from '../../core/routing/route-table.ts';
import { canMeet } from '../../policy-model/effects.ts';
import { methodsOf as methodsOfConditions } from '../../policy-model/route-of-method.ts';
import { Budget } from '../../policy-model/solve.ts';

/** The caller. */
export interface Caller {
  /** Includes derived roles. */
  readonly identity: Identity;
  /** `roles`: nothing else of the identity is known, so conditions on it and the kind of credential stay open. */
  readonly known: 'all' | 'roles';
  /** How it can be authenticated. */
  readonly authentications: readonly Authentication[];
}

/** Maximum search steps to find whether a request can meet conditions. With more, they count as meetable. */
const maxSteps = 5_000;

export interface MethodReach {
  /** `*`: every other method, except those in `except`. */
  readonly method: string;
  readonly except: readonly string[];
  /** Why any caller gets this far; null: the rule grants it to this caller. */
  readonly open: 'public' | 'optional' | null;
  /** At least one. */
  readonly ways: readonly Way[];
}

/** Everything that a request must meet. */
export interface Way {
  /** Values of parameters that specify the scope of a role; empty: any value. */
  readonly scopes: readonly ScopeLimit[];
  /** Kinds of credential that the route accepts; null: any kind that the caller has. */
  readonly kinds: readonly CredentialKind[] | null;
  readonly criteria: readonly Criterion[];
}

/** The parameter must have one of these values, or none of them. */
export interface ScopeLimit {
  readonly param: string;
  readonly kind: 'one_of' | 'none_of';
  readonly values: readonly string[];
}

/** Methods that one of the callers reaches on a route; empty if none reaches the route. */
export function reachOf(route: Route, callers: readonly Caller[]): readonly MethodReach[] {
  const methods = methodsOf(route);
  const reached = methods.flatMap((method): readonly MethodReach[] => {
    const rule = method === otherMethods ? route.access.every : ruleFor(route.access, method);
    if (rule === null || rule.kind === 'deny') return [];
    const open = rule.kind === 'public' || rule.kind === 'optional' ? rule.kind : null;
    const ways = merged(
      route,
      callers.flatMap((caller) => waysOf(route, rule, method, caller)),
    );
    return ways.length === 0 ? [] : [{ method, except: [], open, ways }];
  });
  const except = methods.filter((method) => !reached.some((one) => one.method === method));
  return reached.map((one) => (one.method === otherMethods ? { ...one, except } : one));
}

/** Ways of several callers that differ only in the kind of credential are one. */
function merged(route: Route, ways: readonly Way[]): readonly Way[] {
  const keyOf = ({ scopes, criteria }: Way) =>
    JSON.stringify([scopes, criteria.map((one) => route.conditions?.indexOf(one))]);
  return [...Map.groupBy(ways, keyOf).values()].map((alike) => {
    const taken = alike.map(({ kinds }) => kinds);
    const isAny = taken.includes(null);
    const kinds = isAny ? null : route.credentials.filter((kind) => taken.some((each) => each?.includes(kind)));
    return { ...alike[0]!, kinds };
  });
}

const free: Way = { scopes: [], kinds: null, criteria: [] };

/** Each method that a rule or a condition lists, and `*` for the others. */
function methodsOf(route: Route): readonly string[] {
  const { access, methods, conditions } = route;
  const named = [...(methods ?? access.byMethod.keys()), ...methodsOfConditions({ conditions })];
  const withHead = named.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
  const taken = [...new Set(withHead)].filter((method) => claims(route, method));
  return methods === null && access.every !== null ? [...taken, otherMethods] : taken;
}

function waysOf(route: Route, rule: AccessRule, method: string, caller: Caller): readonly Way[] {
  const { identity, known, authentications } = caller;
  const isOpen = (criteria: readonly Criterion[] | null, identified: boolean): criteria is readonly Criterion[] =>
    criteria !== null && canMeet(criteria, route, identified, authentications, new Budget(maxSteps));
  const own = known === 'roles' ? authentications.map(({ kind }) => kind) : [identity.kind];
  const taken = route.credentials.filter((kind) => own.includes(kind));
  const takesKind = taken.length > 0;
  if (rule.kind === 'public' || (rule.kind === 'optional' && !takesKind)) {
    const criteria = openCriteria(route, method, null, 'all');
    return isOpen(criteria, false) ? [{ ...free, criteria }] : [];
  }
  if (!takesKind) return [];
  const kinds = known === 'roles' && rule.kind !== 'optional' ? taken : null;
  const byKey = new Map<string, { criteria: readonly Criterion[]; scopes: Choice[] }>();
  const choices = choicesOf(route.scopes ?? [], identity.roles);
  for (const choice of choices) {
    const holder = inChoice(identity, route.scopes ?? [], choice);
    if (rule.kind === 'roles' && checkRoles(rule.demand, holder.roles, meets) !== null) continue;
    const criteria = openCriteria(route, method, holder, known);
    if (!isOpen(criteria, true)) continue;
    const key = criteria.map((one) => route.conditions?.indexOf(one)).join();
    const same = byKey.get(key) ?? { criteria, scopes: [] };
    same.scopes.push(choice);
    byKey.set(key, same);
  }
  return [...byKey.values()].flatMap(({ criteria, scopes }) =>
    joined(scopes, choices).map((each): Way => ({ scopes: each, kinds, criteria })),
  );
}

/** The conditions that a request must meet; null: no request can, because the identity fails one. */
function openCriteria(
  route: Route,
  method: string,
  identity: Identity | null,
  known: Caller['known'],
): readonly Criterion[] | null {
  const facts = { ...noRequest, pattern: route.pattern, identity };
  const open: Criterion[] = [];
  for (const criterion of route.conditions ?? []) {
    if (!appliesTo(criterion, method) || !concerns(criterion, facts)) continue;
    if (exempting(criterion, facts) !== null) continue;
    if (known === 'roles' || !readsIdentityAlone(criterion.steps, identity)) open.push(criterion);
    else if (truthOf(criterion.steps, 0, facts) !== 'met') return null;
  }
  return open;
}

/** The facts that conditions on an identity do not read. */
const noRequest: Omit<ConditionFacts, 'pattern' | 'identity'> = {
  request: { method: '', host: '', authority: '', path: '/', unmerged: null, query: '', ambiguities: 0 },
  ignoresCase: false,
  rawHeaders: [],
  address: null,
  trusted: false,
  nowMs: null,
};

/** An identity without a time of sign-in fails every limit on it, regardless of the current time. */
function readsIdentityAlone(steps: readonly Step[], identity: Identity | null): boolean {
  return steps.every((step) => {
    if (step.kind === 'all' || step.kind === 'any' || step.kind === 'not') return true;
    if (step.kind === 'signIn') return (identity?.authenticatedAtMs ?? null) === null;
    if (step.kind !== 'compare' || !isOfIdentity(step.subject)) return false;
    const { comparison } = step;
    return !('operand' in comparison && 'source' in comparison.operand) || isOfIdentity(comparison.operand.source);
  });
}

/** A value of each parameter that specifies a scope; null: a scope in which the caller has no role. */
type Choice = ReadonlyMap<string, string | null>;

function choicesOf(scopes: readonly ScopedRole[], roles: readonly string[]): readonly Choice[] {
  const values = new Map<string, Set<string | null>>();
  for (const scoped of scopes) {
    if (scoped.param === null) continue;
    const known = values.get(scoped.param) ?? new Set([null]);
    for (const role of roles) {
      const scope = scopeOf(scoped, role);
      if (scope !== null) known.add(scope);
    }
    values.set(scoped.param, known);
  }
  let choices: readonly Choice[] = [new Map()];
  for (const [param, each] of values) {
    choices = choices.flatMap((choice) => [...each].map((value) => new Map([...choice, [param, value]])));
  }
  return choices;
}

/** Reads roles as `inScope` does for a request. */
function inChoice(identity: Identity, scopes: readonly ScopedRole[], choice: Choice): Identity {
  const matches = scopes.filter((scoped) => {
    if (scoped.param === null) return identity.roles.some((role) => scopeOf(scoped, role) !== null);
    const scope = choice.get(scoped.param) ?? null;
    const text = scope === null ? null : roleInScope(scoped, scope);
    return text !== null && identity.roles.includes(text);
  });
  if (scopes.length === 0) return identity;
  const own = identity.roles.filter((role) => !role.includes('{'));
  return { ...identity, roles: [...own, ...new Set(matches.map(({ role }) => role))] };
}

/** All choices: any value. With a single parameter: one way with all its values. */
function joined(chosen: readonly Choice[], all: readonly Choice[]): readonly Way['scopes'][] {
  if (chosen.length === all.length) return [[]];
  const valuesOf = (param: string, choices: readonly Choice[]) => [
    ...new Set(choices.map((choice) => choice.get(param) ?? null)),
  ];
  const limit = (param: string, choices: readonly Choice[]): ScopeLimit => {
    const values = valuesOf(param, choices);
    const others = valuesOf(param, all).filter((value) => !values.includes(value));
    const isOpen = values.includes(null);
    const listed = (isOpen ? others : values).filter((value) => value !== null);
    return { param, kind: isOpen ? 'none_of' : 'one_of', values: listed };
  };
  const params = [...(chosen[0]?.keys() ?? [])];
  return params.length === 1
    ? [params.map((param) => limit(param, chosen))]
    : chosen.map((choice) => params.map((param) => limit(param, [choice])));
}
