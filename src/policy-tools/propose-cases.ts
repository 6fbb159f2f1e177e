/**
 * Requests for what the tests have not touched yet, and for changes of the rules that they would not notice. Every proposed case has been
 * decided, so it passes unchanged.
 */
import type { Config } from '../config/config.ts';
import type { TestCase } from '../config/test-suite.ts';
import type { Policy } from '../core/decide.ts';
import type { Decision } from '../core/decision.ts';
import type { ClaimTable } from '../core/identity/claims.ts';
import type { Identity } from '../core/identity/identity.ts';
import { otherMethods, ruleFor } from '../core/policy/access.ts';
import type { Route } from '../core/routing/route.ts';
import { examplesOfEffect } from '../policy-model/effects.ts';
import { authenticationAs, type Example } from '../policy-model/example-requests.ts';
import { hostFor, hostOf } from '../policy-model/host-for.ts';
import { Probes } from '../policy-model/probes.ts';
import { otherMethod, routeOfMethod } from '../policy-model/route-of-method.ts';
import { type Simulated, simulate } from '../policy-model/simulate.ts';
import { type Cell, effectInWords } from './coverage.ts';
import { IdentityNames, wordsFor } from './identity-names.ts';
import { Mutations } from './mutated-policy.ts';
import { tryMutants } from './mutation-score.ts';
import { OpenMutants, type Tried } from './open-mutants.ts';
import { decideCase, forwardingOf, outcomeOf, type PreparedCase, policyOf, wordOf } from './run-cases.ts';
import type { TestRun } from './test-report.ts';

/** Maximum requests tried for one effect of a rule, or for one change. */
const maxExamples = 1_000;
/** Maximum paths tried for one route. */
const maxPaths = 24;

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

/** Limits proposals to requests that can be sent. */
export interface Sendable {
  /** The only callers. */
  readonly identities: ReadonlyMap<string, Identity>;
  readonly accepts: (example: Example, decision: Decision) => boolean;
}

/** `withMutation`: also for changes of the rules that no test would notice. */
export function proposeCases(
  config: Config,
  { coverage, results }: Pick<TestRun, 'coverage' | 'results'>,
  withMutation = false,
  sendable: Sendable | null = null,
): Proposals {
  const cases: ProposedCase[] = [];
  const names = new IdentityNames(config.tests.identities.keys());
  const policy = policyOf(config);
  const { authentications } = policy;
  const callers = {
    roleMapping: config.roleMapping,
    authentications: sendable === null ? authentications : [...sendable.identities.values()].map(authenticationAs),
    identities: sendable?.identities ?? config.tests.identities,
    nameOf: (identity: Identity) => names.nameOf(identity, wordsFor(identity)),
  };
  const find = (examples: Iterable<Example>, route: Route, fits: (tried: Tried) => boolean): Proposed | null => {
    for (const example of Iterator.from(examples).take(maxExamples)) {
      const tried = decideExample(config, route, example, policy);
      if (!fits(tried) || sendable?.accepts(example, tried.decision) === false) continue;
      if (example.as !== null && sendable === null) names.keep(example.as, example.identity!);
      return tried;
    }
    return null;
  };
  const notFound: string[] = [];
  const probes = new Probes(config.routes);
  for (const cell of coverage.cells) {
    if (cell.covered) continue;
    const { effect, rule } = cell;
    const method = cell.method === otherMethods ? otherMethod(cell.route) : cell.method;
    const fits = (tried: Tried) => tried.decision.route?.id === cell.route.id && shows(cell, tried);
    const proposed = firstOf(routesOf(config, cell.route.id), (route) => {
      const paths = probes.paths(route, method).take(maxPaths);
      const destinations = [...paths].map((path) => ({ method, host: hostOf(route.pattern.host), path }));
      const ofMethod = routeOfMethod(route, method);
      return find(examplesOfEffect(ofMethod, rule, effect, callers, destinations), route, fits);
    });
    if (proposed === null) notFound.push(`${cell.route.id} ${cell.method} ${effectInWords(effect)}`);
    else cases.push(proposed.prepared);
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
    const notices = (tried: Tried) => open.notices(mutant, tried);
    const proposed = firstOf(mutations.examplesOf(mutant, callers), ([route, examples]) =>
      find(examples, route, notices),
    );
    if (proposed === null)
      notFound.push(mutant.kind === 'route' ? `${mutant.entry[0].id}: ${mutant.words}` : mutant.words);
    else {
      cases.push(proposed.prepared);
      open.add(proposed);
    }
  }
  return { cases, notFound, claims };
}

/** The first result that is not null. */
function firstOf<T, R>(all: Iterable<T>, find: (one: T) => R | null): R | null {
  for (const one of all) {
    const result = find(one);
    if (result !== null) return result;
  }
  return null;
}

function routesOf(config: Config, id: string): readonly Route[] {
  return config.routes.routes.filter((route) => route.id === id);
}

interface Proposed extends Tried {
  readonly prepared: ProposedCase;
}

function decideExample(config: Config, route: Route, example: Example, policy: Policy): Proposed {
  const { identity } = example;
  const simulated = simulate({ ...example, secure: true }, identity, config.credentials);
  const decision = decideCase({ simulated }, policy);
  const test = testOf(config, route, example, decision, simulated);
  return { prepared: { test, identity, simulated, route: route.index }, decision };
}

function shows({ effect }: Cell, { decision, prepared }: Tried): boolean {
  if (effect.kind === 'signIn') return outcomeOf(decision, prepared.simulated) === 'signIn';
  const word = wordOf(decision);
  if (effect.kind === 'refuses') return word === effect.word;
  if (word !== null) return false;
  return effect.whom === 'anybody' || (decision.identity === null) === (effect.whom === 'anonymous');
}

/** The example as a test that expects what was decided. */
function testOf(
  { identityHeaders, routes }: Config,
  route: Route,
  { as, identity, method, target, headers, client, trusted, time, host: sent }: Example,
  decision: Decision,
  simulated: Simulated,
): TestCase {
  const matched = decision.route?.id ?? null;
  // Omitted if the test would run with the same host anyway.
  const host = route.pattern.host === null && hostFor(routes, target, matched) === sent ? null : sent;
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
