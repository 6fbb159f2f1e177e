/**
 * Which rules the tests have touched. A rule is covered if it has allowed and refused requests, for each of its reasons: a
 * condition that never refuses in a test could be missing.
 */
import type { Config } from '../config/config.ts';
import { type CredentialKind, kindsOf } from '../core/credential/credential.ts';
import { type AccessRule, otherMethods, ruleFor } from '../core/policy/access.ts';
import { conjunctsOf, type RoleDemand } from '../core/policy/role-demand.ts';
import type { Route } from '../core/routing/route.ts';
import { entriesOf } from '../core/routing/route-table.ts';
import { authenticationsOf } from '../policy-model/authentications.ts';
import { type Callers, canShow, type Effect } from '../policy-model/effects.ts';
import { routeOfMethod, ruleKey, rulesOf } from '../policy-model/route-of-method.ts';
import { type CaseResult, outcomeOf, wordOf } from './run-cases.ts';

/** One thing that a rule can do. */
export interface Cell {
  /** The first route of its entry. */
  readonly route: Route;
  /** As written in `access`; `*`: every other method. */
  readonly method: string;
  readonly rule: AccessRule;
  /** Such as `allows known`, `refuses role_missing`. */
  readonly effect: Effect;
  readonly covered: boolean;
}

export interface Coverage {
  readonly cells: readonly Cell[];
  readonly covered: number;
  /** 0 to 1; 1 if there is nothing to cover. */
  readonly share: number;
}

/** An impossible effect is not a cell, such as a refusal by a condition from which all allowed identities are exempt. */
export function coverageOf(
  config: Pick<Config, 'routes' | 'roleMapping' | 'credentials' | 'authApi' | 'sources' | 'sourceRule'>,
  results: readonly CaseResult[],
): Coverage {
  const { routes: table, roleMapping, credentials } = config;
  const kinds = kindsOf(credentials);
  const seen = new Set(results.filter(({ faults }) => faults.length === 0).flatMap(effectsSeen));
  const isPossible = rememberPossible({ roleMapping, authentications: authenticationsOf(config) });
  const all = entriesOf(table.routes).flatMap((entry) =>
    rulesOf(entry[0]).flatMap(([method, rule]) =>
      effectsOf(routeOfMethod(entry[0], method), method, rule, kinds).flatMap((effect): Cell[] => {
        const [route] = entry;
        const covered = seen.has(keyOf(route, method, effect));
        const possible = covered || entry.some((one) => isPossible(routeOfMethod(one, method), rule, effect));
        return possible ? [{ route, method, rule, effect, covered }] : [];
      }),
    ),
  );
  // A requirement of a policy is one effect, regardless of the route that shows it.
  const unlike = [
    ...new Map(all.map((cell) => [keyOf(cell.route, cell.method, cell.effect), cell] as const).reverse()),
  ];
  const cells = unlike.reverse().map(([, cell]) => cell);
  const covered = cells.filter((cell) => cell.covered).length;
  return { cells, covered, share: cells.length === 0 ? 1 : covered / cells.length };
}

/** Routes share their rules, and without conditions a rule has the same effects on each of them. */
function rememberPossible(callers: Callers): (route: Route, rule: AccessRule, effect: Effect) => boolean {
  const known = new Map<AccessRule, Map<string, boolean>>();
  return (route, rule, effect) => {
    if (route.conditions !== null) return canShow(route, rule, effect, callers);
    const ofRule = known.get(rule) ?? new Map<string, boolean>();
    known.set(rule, ofRule);
    const name = nameOf(effect);
    const before = ofRule.get(name);
    if (before !== undefined) return before;
    const possible = canShow(route, rule, effect, callers);
    ofRule.set(name, possible);
    return possible;
  };
}

export function effectInWords(effect: Effect): string {
  if (effect.kind === 'signIn') return 'is redirected to its sign-in page';
  if (effect.kind === 'refuses') {
    return `is refused with ${effect.word}${effect.policy === undefined ? '' : ` of policy ${effect.policy}`}`;
  }
  return { anybody: 'is allowed', known: 'is allowed with an identity', anonymous: 'is allowed without an identity' }[
    effect.whom
  ];
}

function effectsOf(
  route: Route,
  method: string,
  rule: AccessRule,
  kinds: readonly CredentialKind[],
): readonly Effect[] {
  const needsCredential = rule.kind === 'authenticated' || rule.kind === 'roles';
  const takesLess = kinds.some((kind) => !route.credentials.includes(kind));
  const signsIn =
    route.signIn !== null && (method === 'GET' || (method === otherMethods && !route.access.byMethod.has('GET')));
  return [
    ...effectsOfRule(route, method, rule),
    ...(needsCredential && takesLess ? [{ kind: 'refuses', word: 'credential_kind_not_accepted' } as const] : []),
    ...(needsCredential && signsIn ? [{ kind: 'signIn' } as const] : []),
  ];
}

function effectsOfRule(route: Route, method: string, rule: AccessRule): readonly Effect[] {
  const conditions = (route.conditions ?? []).map(({ word, policy }) => refusalBy(word, policy));
  switch (rule.kind) {
    case 'public':
      return [{ kind: 'allows', whom: 'anybody' }, ...conditions];
    case 'optional':
      return [{ kind: 'allows', whom: 'known' }, { kind: 'allows', whom: 'anonymous' }, ...conditions];
    case 'authenticated':
      return [{ kind: 'allows', whom: 'anybody' }, { kind: 'refuses', word: 'credential_missing' }, ...conditions];
    case 'deny':
      return [{ kind: 'refuses', word: 'access_denied' }];
    case 'roles': {
      const words = (['role_missing', 'role_forbidden'] as const).filter((word) => refusesWith(word, rule));
      const roles = words.map((word) => refusalBy(word, policyRefusing(route, method, word)));
      return [{ kind: 'allows', whom: 'anybody' }, ...roles, ...conditions];
    }
  }
}

type RoleRefusal = 'role_missing' | 'role_forbidden';

function refusesWith(word: RoleRefusal, rule: AccessRule): boolean {
  if (rule.kind !== 'roles') return false;
  const parts = conjunctsOf(rule.demand);
  const isForbidding = ({ kind }: RoleDemand) => kind === 'lacks';
  return word === 'role_forbidden' ? parts.some(isForbidding) : !parts.every(isForbidding);
}

/** The policy whose access refuses with the word, if the route's own rule never does; null: the route does. */
function policyRefusing({ restricted }: Route, method: string, word: RoleRefusal): string | null {
  const own = restricted === null ? null : ruleFor(restricted.own.access, method);
  if (restricted === null || (own !== null && refusesWith(word, own))) return null;
  const refuses = (rule: AccessRule | null) => rule !== null && refusesWith(word, rule);
  return restricted.policies.find(({ access }) => access !== null && refuses(ruleFor(access, method)))?.id ?? null;
}

function effectsSeen({ decision, prepared }: CaseResult): readonly string[] {
  const { route, request } = decision;
  if (route === null || request === null) return [];
  const method = ruleKey(route, request.method);
  const word = wordOf(decision);
  if (word !== null && decision.outcome === 'refuse') {
    const signedIn = outcomeOf(decision, prepared.simulated) === 'signIn';
    const ofRoles = word === 'role_missing' || word === 'role_forbidden';
    const policy = ofRoles ? policyRefusing(route, method, word) : (decision.condition?.policy ?? null);
    return [
      keyOf(route, method, refusalBy(word, policy)),
      ...(signedIn ? [keyOf(route, method, { kind: 'signIn' })] : []),
    ];
  }
  const whom = decision.identity === null ? 'anonymous' : 'known';
  return [keyOf(route, method, { kind: 'allows', whom }), keyOf(route, method, { kind: 'allows', whom: 'anybody' })];
}

function refusalBy(word: string, policy: string | null): Effect {
  return { kind: 'refuses', word, ...(policy === null ? {} : { policy }) };
}

function nameOf(effect: Effect): string {
  if (effect.kind === 'signIn') return effect.kind;
  return `${effect.kind} ${effect.kind === 'allows' ? effect.whom : effect.word}`;
}

function keyOf(route: Route, method: string, effect: Effect): string {
  if (effect.kind === 'refuses' && effect.policy !== undefined) return `policy ${effect.policy} ${nameOf(effect)}`;
  return `${route.id} ${method} ${nameOf(effect)}`;
}
