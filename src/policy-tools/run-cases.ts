/** Runs the tests of the rules. Each case is one decision by the same `decide` that every entrypoint uses. */
import type { Config } from '../config/config.ts';
import type { TestCase } from '../config/test-suite.ts';
import { decide, type Policy } from '../core/decide.ts';
import type { Allow, Decision } from '../core/decision.ts';
import { compileForwarding } from '../core/forwarding/compile-forwarding.ts';
import type { ForwardingRules } from '../core/forwarding/forwarding-rules.ts';
import { appendRequestHeaders } from '../core/forwarding/request-headers.ts';
import type { Identity } from '../core/identity/identity.ts';
import { wayToSignIn } from '../core/way-to-sign-in.ts';
import { authenticationsOf, type PolicyModel } from '../policy-model/authentications.ts';
import { hostFor } from '../policy-model/host-for.ts';
import { type Simulated, simulate } from '../policy-model/simulate.ts';

/** A case with everything that its decision needs. It is prepared once and decided for every mutant. */
export interface PreparedCase {
  readonly test: TestCase;
  readonly identity: Identity | null;
  readonly simulated: Simulated;
}

export interface CaseResult {
  readonly prepared: PreparedCase;
  readonly decision: Decision;
  /** Differences from the expectation in words; empty: the case passed. */
  readonly faults: readonly string[];
}

export function prepareCases({ tests, routes, credentials }: Config): readonly PreparedCase[] {
  return tests.cases.map((test) => {
    const identity = test.as === null ? null : (tests.identities.get(test.as) ?? null);
    const host = test.host ?? hostFor(routes, test.target, test.route);
    return { test, identity, simulated: simulate({ ...test, host }, identity, credentials) };
  });
}

export function policyOf(config: Config): PolicyModel {
  const { routes, credentials, roleMapping, via } = config;
  return { routes, credentials, roleMapping, via, authentications: authenticationsOf(config) };
}

export function forwardingOf(config: Config): ForwardingRules {
  return compileForwarding(config);
}

export function runCase(prepared: PreparedCase, policy: Policy, rules: ForwardingRules): CaseResult {
  const decision = decideCase(prepared, policy);
  return { prepared, decision, faults: faultsOf(prepared, decision, rules) };
}

export function decideCase(
  { simulated: { view, resolution } }: Pick<PreparedCase, 'simulated'>,
  policy: Policy,
): Decision {
  // Synchronous, because the resolver is.
  return decide(view, policy, () => resolution) as Decision;
}

/** The word for a refusal: the author's word of the condition, or the reason. */
export function wordOf(decision: Decision): string | null {
  return decision.outcome === 'refuse' ? (decision.condition?.word ?? decision.reason) : null;
}

function faultsOf({ test, simulated }: PreparedCase, decision: Decision, rules: ForwardingRules): string[] {
  const faults: string[] = [];
  const outcome = outcomeOf(decision, simulated);
  const word = wordOf(decision);
  if (outcome !== test.expect) {
    faults.push(`expected ${test.expect}, got ${outcome}${word === null ? '' : ` (${word})`}`);
  }
  const route = decision.route?.id ?? null;
  if (test.route !== null && route !== test.route) faults.push(`expected route ${test.route}, got ${route ?? 'none'}`);
  const known = word === test.reason || decision.reason === test.reason;
  if (test.reason !== null && !known) faults.push(`expected reason ${test.reason}, got ${word ?? 'none'}`);
  if (test.upstreamHeaders.size > 0) faults.push(...headerFaults(test, decision, simulated, rules));
  return faults;
}

/** The outcome for the client, in the words of a test. */
export function outcomeOf(decision: Decision, { view, facts }: Simulated): TestCase['expect'] {
  if (decision.outcome !== 'refuse') return 'allow';
  const { location } = wayToSignIn(decision.reason, decision, view.rawHeaders, facts.proto);
  return location === null ? 'refuse' : 'signIn';
}

function headerFaults(test: TestCase, decision: Decision, simulated: Simulated, rules: ForwardingRules): string[] {
  if (decision.outcome !== 'allow') return ['expected headers for the service, but it receives no request'];
  const sent = upstreamHeaders(decision, simulated, rules);
  return [...test.upstreamHeaders].flatMap(([name, expected]) => {
    const values = sent.filter(([header]) => header.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
    const got = values.length === 0 ? null : values.join(', ');
    if (got === expected) return [];
    const words = (value: string | null) => (value === null ? 'none' : JSON.stringify(value));
    return [`expected header ${name} ${words(expected)}, got ${words(got)}`];
  });
}

/** The headers that the service receives for an allowed request, in order, without `:path`. */
export function upstreamHeaders(
  decision: Allow,
  { view, facts }: Simulated,
  rules: ForwardingRules,
): readonly (readonly [name: string, value: string])[] {
  const raw: string[] = [];
  appendRequestHeaders(raw, rules, decision, view.rawHeaders, facts);
  const headers: (readonly [string, string])[] = [];
  for (let i = 0; i < raw.length; i += 2) headers.push([raw[i]!, raw[i + 1]!]);
  return headers;
}
