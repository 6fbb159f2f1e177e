/**
 * A request and an identity of a class, built from the values that were found for it and decided under both policies. Only requests
 * that both decisions confirm become examples.
 */
import { decide, type Policy } from '../../core/decide.ts';
import type { Decision } from '../../core/decision.ts';
import type { Identity } from '../../core/identity/identity.ts';
import type { Holder } from '../../policy-model/callers.ts';
import { Values } from '../../policy-model/example.ts';
import type { MatchPair } from '../../policy-model/match-pairs.ts';
import { type SimulatedRequest, simulate } from '../../policy-model/simulate.ts';
import type { Assignment } from '../../policy-model/solve.ts';
import { type Caller, routeOf } from '../../policy-model/verdicts.ts';

export interface Witness {
  readonly request: SimulatedRequest;
  /** Null: no credential, or two of them. */
  readonly identity: Identity | null;
  readonly caller: Caller['kind'];
  /** Of the decision that refuses. */
  readonly reason: string;
}

/** The caller and the values of the request. */
export interface Candidate {
  readonly caller: Caller['kind'];
  readonly holders: readonly Holder[];
  readonly assignment: Assignment;
}

/** Null: the decisions do not differ in this way. */
export function witnessOf(
  matchPair: MatchPair,
  kind: 'newlyAllowed' | 'newlyRefused',
  candidate: Candidate,
  policies: readonly [Policy, Policy],
): Witness | null {
  // The segments of the target may be the only ones that lead to these two routes.
  for (const params of ['assigned', 'asTarget'] as const) {
    const sample = make(matchPair, candidate, params);
    const reason = sample === null ? null : reasonOf(sample, matchPair, kind, policies);
    if (sample !== null && reason !== null) return { ...sample, caller: candidate.caller, reason };
  }
  return null;
}

type Sample = Pick<Witness, 'request' | 'identity'>;

/** Reason of the refusal; null: the routes are different ones, or the decisions do not differ in this way. */
function reasonOf(
  { request, identity }: Sample,
  { before, after }: MatchPair,
  kind: 'newlyAllowed' | 'newlyRefused',
  policies: readonly [Policy, Policy],
): string | null {
  const { view, resolution } = simulate(request, identity, policies[0].credentials);
  // Synchronous, because the resolver is.
  const [was, is] = policies.map((policy) => decide(view, policy, () => resolution)) as [Decision, Decision];
  if ((was.route?.id ?? null) !== (routeOf(before)?.id ?? null)) return null;
  if ((is.route?.id ?? null) !== (routeOf(after)?.id ?? null)) return null;
  const [allowing, refusing] = kind === 'newlyAllowed' ? [is, was] : [was, is];
  if (allowing.outcome !== 'allow' || refusing.outcome !== 'refuse') return null;
  return refusing.condition?.word ?? refusing.reason;
}

function make(
  { sent, target, before, after }: MatchPair,
  { caller, holders, assignment }: Candidate,
  params: 'assigned' | 'asTarget',
): Sample | null {
  const values = new Values(target.path);
  if (!values.hold(holders) || !values.assign(assignment)) return null;
  const headers = caller === 'unresolved' ? ['Authorization', 'Bearer one', 'api-key', 'two', 'api-secret', 'two'] : [];
  const path = params === 'assigned' ? values.path() : target.path;
  const request = {
    method: sent,
    host: target.host,
    secure: true,
    target: path + values.query(),
    headers: [...headers, ...values.headers()],
    ...values.circumstances(),
  };
  if (caller !== 'known') return { request, identity: null };
  // Both routes accept the first of them, if possible.
  const [some, others] = [before, after].map((matching) => routeOf(matching)?.credentials ?? []);
  const identity = values.identity(path, [...some!.filter((kind) => others!.includes(kind)), ...some!, ...others!]);
  return identity === null ? null : { request, identity };
}
