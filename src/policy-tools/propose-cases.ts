/**
 * Finds requests for what the tests have not touched yet, and for changes of the rules that they would not notice, by trying:
 * identities with and without the roles of a rule, and values in conditions. Every proposed case has been decided, so it passes
 * unchanged.
 */
import type { Config } from '../config/config.ts';
import type { TestCase } from '../config/test-suite.ts';
import type { Policy } from '../core/decide.ts';
import type { Decision } from '../core/decision.ts';
import type { ClaimTable } from '../core/identity/claims.ts';
import type { Identity } from '../core/identity/identity.ts';
import { type AccessRule, otherMethods } from '../core/policy/access.ts';
import { ruleFor } from '../core/routing/find-route.ts';
import type { Route } from '../core/routing/route.ts';
import { canReturn, type PolicyModel } from '../policy-model/authentications.ts';
import { examplesOf } from '../policy-model/effects.ts';
import { hostFor, hostOf } from '../policy-model/host-for.ts';
import { Probes } from '../policy-model/probes.ts';
import { routeOfMethod, rulesOf } from '../policy-model/route-of-method.ts';
import { type Simulated, simulate } from '../policy-model/simulate.ts';
import { type Cell, effectInWords } from './coverage.ts';
import { IdentityNames } from './identity-names.ts';
import type { Mutant } from './mutants.ts';
import { Mutations } from './mutated-policy.ts';
import { tryMutants } from './mutation-score.ts';
import { OpenMutants, type Tried } from './open-mutants.ts';
import { decideCase, forwardingOf, outcomeOf, type PreparedCase, policyOf, wordOf } from './run-cases.ts';
import type { TestRun } from './test-report.ts';
import { named, type TrialGoal } from './trial-identities.ts';
import { otherMethod, type Trial, trialsFor } from './trials.ts';

/** Maximum requests tried for one effect of a rule, or for one change. */
const maxTrials = 4_000;
/** Minimum share of each route and method, so that the first ones do not use all of them. */
const minShare = 100;

export interface Proposals {
  readonly cases: readonly ProposedCase[];
  /** Effects without a request, in words. */
  readonly notFound: readonly string[];
  /** Claims that their identities may have. */
  readonly claims: ClaimTable;
}

export interface ProposedCase extends PreparedCase {
  /** Index of the route that it was found for. */
  readonly route: number;
}

/** `withMutation`: also for changes of the rules that no test would notice. */
export function proposeCases(config: Config, { coverage, results }: TestRun, withMutation = false): Proposals {
  const cases: ProposedCase[] = [];
  const names = new IdentityNames(config.tests.identities.keys());
  const policy = policyOf(config);
  const keep = (found: Found | null) => {
    const { test: { as } = { as: null }, identity = null } = found?.prepared ?? {};
    if (as !== null && identity !== null) names.keep(as, identity);
    return found;
  };
  const find = (goals: readonly TrialGoal[], reach: 'near' | 'far', fits: (tried: Tried) => boolean) =>
    keep(findCase(config, policy, goals, reach, names, fits));
  const notFound: string[] = [];
  for (const cell of coverage.cells) {
    if (cell.covered) continue;
    const fits = (tried: Tried) => tried.decision.route?.id === cell.route.id && shows(cell, tried);
    const goals = routesOf(config, cell.route.id).map((route) => ({ ...cell, route }));
    const found =
      find(goals, 'near', fits) ??
      find(goals, 'far', fits) ??
      keep(findExample(config, policy, cell, goals, names, fits));
    if (found === null) notFound.push(`${cell.route.id} ${cell.method} ${effectInWords(cell.effect)}`);
    else cases.push(found.prepared);
  }
  const { claims } = config;
  if (!withMutation) return { cases, notFound, claims };
  const good = results.filter(({ faults }) => faults.length === 0).map(({ prepared }) => prepared);
  const mutations = new Mutations(config);
  const { unnoticed } = tryMutants(config, mutations, [...good, ...cases]);
  const open = new OpenMutants(unnoticed, mutations, forwardingOf(config));
  for (const mutant of unnoticed) {
    // By then, a case for an earlier one may notice it.
    if (!open.has(mutant) || !mutations.hasEffect(mutant)) continue;
    const found = find(goalsOf(mutations, mutant), 'far', (tried) => open.notices(mutant, tried));
    if (found === null)
      notFound.push(mutant.kind === 'route' ? `${mutant.entry[0].id}: ${mutant.words}` : mutant.words);
    else {
      cases.push(found.prepared);
      open.add(found);
    }
  }
  return { cases, notFound, claims };
}

/** A change of a route's pattern may show where it matches more. */
function goalsOf(mutations: Mutations, mutant: Mutant): readonly TrialGoal[] {
  if (mutant.kind === 'route' && mutant.reaches) {
    const { entry, changed } = mutant;
    const [route] = entry;
    const listed = route.methods ?? [...route.access.byMethod.keys()];
    const [[, rule]] = rulesOf(route) as readonly [readonly [string, AccessRule]];
    const wider = changed.filter((one) => !entry.includes(one));
    const patterns = new Set(entry.map(({ pattern }) => pattern));
    return wider.flatMap((one) => {
      const methods = patterns.has(one.pattern)
        ? ['GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'QUERY'].filter((method) => !listed.includes(method))
        : [listed[0] ?? 'GET'];
      return methods.map((method) => ({ route: one, method, rule }));
    });
  }
  return mutations.changesOf(mutant).flatMap(({ entry, changed: [other] }) => {
    const rules = rulesOf(entry[0]!);
    const isOther = ([method, rule]: (typeof rules)[number]) => {
      return other !== undefined && ruleFor(other.access, method) !== rule;
    };
    // A change of conditions may show with any method.
    const affected = hasSameConditions(entry[0]!, other) ? rules.filter(isOther) : rules;
    return entry.flatMap((route) =>
      (affected.length === 0 ? rules : affected).map(([method, rule]) => ({ route, method, rule })),
    );
  });
}

function hasSameConditions({ conditions }: Route, other: Route | undefined): boolean {
  const others = other?.conditions ?? [];
  return (conditions ?? []).length === others.length && others.every((criterion, at) => criterion === conditions?.[at]);
}

function routesOf({ routes }: Config, id: string): readonly Route[] {
  return routes.routes.filter((route) => route.id === id);
}

interface Found extends Tried {
  readonly prepared: ProposedCase;
}

function findCase(
  config: Config,
  policy: PolicyModel,
  goals: readonly TrialGoal[],
  reach: 'near' | 'far',
  names: IdentityNames,
  fits: (tried: Tried) => boolean,
): Found | null {
  const share = Math.max(minShare, Math.ceil(maxTrials / goals.length));
  let left = maxTrials;
  for (const goal of goals) {
    for (const trial of trialsFor(config, goal, reach, names).take(Math.min(left, share))) {
      left -= 1;
      const tried = decideTrial(config, goal.route, trial, policy);
      if (fits(tried) && isReal(config, policy, trial)) return tried;
    }
  }
  return null;
}

/** Whether an identity of the tests, or one that a source can return. */
function isReal({ tests, claims }: Config, { authentications }: PolicyModel, { as, identity }: Trial): boolean {
  if (as === null || identity === null || tests.identities.has(as)) return true;
  return authentications.some((by) => canReturn(by, identity, claims));
}

function decideTrial(config: Config, route: Route, trial: Trial, policy: Policy): Found {
  const host = hostOf(route.pattern.host);
  const { identity } = trial;
  const simulated = simulate({ ...trial, host, secure: true }, identity, config.credentials);
  const decision = decideCase({ simulated }, policy);
  const test = testOf(config, route, trial, decision, simulated);
  return { prepared: { test, identity, simulated, route: route.index }, decision };
}

/** By the model, for values and fields of an identity that must fit each other. */
function findExample(
  config: Config,
  policy: PolicyModel,
  { effect, rule }: Cell,
  goals: readonly TrialGoal[],
  names: IdentityNames,
  fits: (tried: Tried) => boolean,
): Found | null {
  const probes = new Probes(config.routes);
  for (const { route, method: wanted } of goals) {
    const method = wanted === otherMethods ? otherMethod(route) : wanted;
    const ofMethod = routeOfMethod(route, method);
    const { path } = probes.first(route, method);
    for (const { target, headers, circumstances, identity } of examplesOf(ofMethod, rule, effect, policy, path)) {
      const { client, trusted = false, time = null } = circumstances;
      const [as, own] = identity === null ? [null, null] : named(identity, names);
      const trial = { as, identity: own, method, target, headers, client, trusted, time };
      const tried = decideTrial(config, route, trial, policy);
      if (fits(tried)) return tried;
    }
  }
  return null;
}

function shows({ effect }: Cell, { decision, prepared }: Tried): boolean {
  if (effect.kind === 'signIn') return outcomeOf(decision, prepared.simulated) === 'signIn';
  const word = wordOf(decision);
  if (effect.kind === 'refuses') return word === effect.word;
  if (word !== null) return false;
  return effect.whom === 'anybody' || (decision.identity === null) === (effect.whom === 'anonymous');
}

/** The trial as a test that expects what was decided. */
function testOf(
  { identityHeaders, routes }: Config,
  route: Route,
  trial: Trial,
  decision: Decision,
  simulated: Simulated,
): TestCase {
  const { as, identity, method, target, headers, client, trusted, time } = trial;
  const asked = hostOf(route.pattern.host);
  const matched = decision.route?.id ?? null;
  // Omitted if the test would run with the same host anyway.
  const host = route.pattern.host === null && hostFor(routes, target, matched) === asked ? null : asked;
  // Only the service sees whether a rule that allows everyone identifies the caller.
  const rule = ruleFor(route.access, method);
  const isNamed = rule?.kind === 'optional' && decision.outcome !== 'refuse' && decision.identity !== null;
  const header = isNamed ? identityHeaders.find(({ field }) => field === 'userId') : undefined;
  return {
    name: `${method} ${host ?? ''}${target}`,
    file: '',
    line: 0,
    as,
    method,
    host,
    secure: host !== null,
    target,
    headers,
    client,
    trusted,
    time,
    expect: outcomeOf(decision, simulated),
    route: matched,
    reason: wordOf(decision),
    upstreamHeaders: new Map(header === undefined || identity === null ? [] : [[header.name, identity.userId]]),
  };
}

/** Identities of the cases that the configuration does not have yet. */
export function newIdentities({ tests }: Config, { cases }: Pick<Proposals, 'cases'>): ReadonlyMap<string, Identity> {
  return new Map(
    cases.flatMap(({ test: { as }, identity }) =>
      as === null || identity === null || tests.identities.has(as) ? [] : [[as, identity] as const],
    ),
  );
}
