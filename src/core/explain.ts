/**
 * One decision, explained stage by stage. `decide` makes the decision, with a resolver that knows one identity. The rest only reads the
 * same tables again, so an explanation cannot differ from the gateway's decision.
 */

import type { Credential } from './credential/credential.ts';
import { decide, type Policy } from './decide.ts';
import { type Allow, type Decision, type Stage, stages } from './decision.ts';
import { type AccessReport, explainAccess, explainIdentity, type IdentityReport } from './explaining/explain-access.ts';
import { type Candidate, explainCandidates } from './explaining/explain-candidates.ts';
import { type AskedSource, type CredentialReport, explainCredential } from './explaining/explain-credential.ts';
import type { ClientFacts } from './forwarding/client-facts.ts';
import type { ForwardingRules } from './forwarding/forwarding-rules.ts';
import { appendRequestHeaders } from './forwarding/request-headers.ts';
import { rewritePath } from './forwarding/rewrite-path.ts';
import type { Rejection, Resolution, SourceFailure } from './identity/identity.ts';
import { type ReasonCode, reasons } from './outcome/reasons.ts';
import { type AccessRule, ruleFor } from './policy/access.ts';
import { type CriterionReport, explainConditions } from './policy/explain-conditions.ts';
import type { RoleTable } from './policy/roles.ts';
import { factsInScope } from './policy/scopes-of-route.ts';
import type { CanonicalRequest, RequestView } from './request/request-view.ts';
import { accessSource, ruleInWords } from './routing/describe-routes.ts';
import { matchRoute } from './routing/match-route.ts';
import type { RouteMatch } from './routing/route-table.ts';
import { type WayToSignIn, wayToSignIn } from './way-to-sign-in.ts';

/** Plain data that JSON can represent. */
export interface Explanation {
  readonly outcome: Decision['outcome'];
  /** Status of a refusal; null: the service's. */
  readonly status: number | null;
  readonly reason: ReasonCode | null;
  /** `x-error` as the client gets it; null without a refusal. */
  readonly message: string | null;
  /** Where the client is sent to sign in; null: nowhere. */
  readonly location: string | null;
  /** Values of `WWW-Authenticate` as the client gets them; empty: none. */
  readonly challenges: readonly string[];
  /** The author's word for the condition that is not met, with reason `condition_failed`. */
  readonly condition: string | null;
  /** Why the Auth API gave no result; null: it did, or was not called. */
  readonly failure: SourceFailure | null;
  /** Why a source rejected the credential, if known; null: it did not, or was not called. */
  readonly rejection: Rejection | null;
  /** Id of the route; null: none. */
  readonly route: string | null;
  /** The canonical reading of the request; null when there is none. */
  readonly request: Pick<CanonicalRequest, 'method' | 'host' | 'path' | 'query'> | null;
  readonly trail: readonly TrailStep[];
  readonly candidates: readonly Candidate[];
  /** Null: no credential is read. */
  readonly credential: CredentialReport | null;
  readonly identity: IdentityReport | null;
  /** The rule for the method; null when no route was matched. */
  readonly access: AccessReport | null;
  readonly conditions: readonly CriterionReport[];
  /** Policies that are part of both, and the route's own rules; null: no policies. */
  readonly policies: PoliciesReport | null;
  /** What the service receives if the request is allowed. */
  readonly upstream: UpstreamReport | null;
}

export interface PoliciesReport {
  /** Who may use the route by its own rule, in words. */
  readonly own: string;
  readonly applied: readonly {
    readonly id: string;
    /** Host and path of its prefix, as requests have them. */
    readonly pattern: string;
    /** Upstream to which it applies; null: to any. */
    readonly upstream: string | null;
    /** Who may use routes below it, in words; null: it does not restrict them. */
    readonly access: string | null;
    /** Words of its conditions. */
    readonly conditions: readonly string[];
  }[];
}

export interface TrailStep {
  readonly stage: Stage;
  /** `settled`: no later stage was needed. */
  readonly result: 'passed' | 'settled' | 'refused' | 'not reached';
  readonly words: string;
}

export interface UpstreamReport {
  readonly name: string;
  /** Null: the rewritten path would not be canonical, and the request is refused when it is forwarded. */
  readonly path: string | null;
  /** In the order in which they are sent. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export interface ExplainContext {
  readonly policy: Policy;
  readonly roles: RoleTable;
  readonly rules: ForwardingRules;
  /** The Auth API's result for the credential that the request carries. */
  readonly resolution: Resolution;
  /** The source that is called for a credential. */
  readonly sourceOf: (credential: Credential) => AskedSource;
  readonly facts: ClientFacts;
}

export function explain(view: RequestView, context: ExplainContext): Explanation {
  const { policy, roles, rules, resolution, facts } = context;
  // Synchronous, because the resolver is.
  const decision = decide(view, policy, () => resolution) as Decision;
  const { request, route } = decision;
  const match = request === null ? null : matchRoute(policy.routes, request);
  const matched = match !== null && typeof match !== 'string' && 'rule' in match ? match : null;
  // The route that a preflight is for, whether or not its page may use it.
  const preflight = decision.outcome === 'preflight' || decision.reason === 'cors_origin_forbidden';
  const preflightRoute = preflight ? route : null;
  const seen = matched === null ? null : factsInScope(view, matched, decision.identity);
  const known = decision.identity === null ? null : resolution.identity;
  const refusal = decision.outcome === 'refuse' ? decision : null;
  const { location, challenges } = wayOut(decision, view, facts);
  return {
    outcome: decision.outcome,
    status: location === null ? statusOf(decision) : 303,
    location,
    challenges: location === null ? challenges : [],
    reason: decision.reason,
    message: refusal === null ? null : (refusal.condition?.message ?? reasons[refusal.reason].message),
    condition: refusal?.reason === 'condition_failed' ? (refusal.condition?.word ?? null) : null,
    failure: refusal?.failure ?? null,
    rejection: refusal?.rejection ?? null,
    route: route?.id ?? null,
    request:
      request === null
        ? null
        : { method: request.method, host: request.host, path: request.path, query: request.query },
    trail: stages.map((stage) => trailStep(stage, decision)),
    candidates: request === null ? [] : explainCandidates(policy.routes, request, matched?.route ?? preflightRoute),
    credential: credentialOf(matched, view, context),
    identity: known === null ? null : explainIdentity(known, policy.roleMapping, roles),
    access: matched === null || seen === null ? null : explainAccess(matched.rule, seen.identity, roles),
    conditions: matched === null || seen === null ? [] : explainConditions(matched.route.conditions ?? [], seen),
    policies: matched === null ? null : policiesReport(matched),
    upstream: decision.outcome === 'allow' ? upstreamReport(decision, rules, view, facts) : null,
  };
}

function statusOf({ outcome, reason }: Decision): number | null {
  if (reason !== null) return reasons[reason].status;
  return outcome === 'allow' ? null : 200;
}

function wayOut(decision: Decision, { rawHeaders }: RequestView, { proto }: ClientFacts): WayToSignIn {
  if (decision.outcome !== 'refuse') return { challenges: [], location: null };
  return wayToSignIn(decision.reason, decision, rawHeaders, proto);
}

function credentialOf(
  match: RouteMatch | null,
  view: RequestView,
  { policy, sourceOf }: ExplainContext,
): CredentialReport | null {
  if (match === null || match.rule.kind === 'public' || match.rule.kind === 'deny') return null;
  return explainCredential(match.request, view, policy.credentials, match.route, sourceOf);
}

function trailStep(stage: Stage, decision: Decision): TrailStep {
  const at = stages.indexOf(stage);
  const end = stages.indexOf(decision.stage);
  if (at > end) return { stage, result: 'not reached', words: '' };
  if (at < end) return { stage, result: 'passed', words: passedWords(stage, decision) };
  if (decision.outcome !== 'refuse') return { stage, result: 'settled', words: passedWords(stage, decision) };
  const { status, message } = reasons[decision.reason];
  const because = decision.condition === null ? message : decision.condition.message;
  return { stage, result: 'refused', words: `${status} ${decision.reason}: ${because}` };
}

function passedWords(stage: Stage, { request, route, identity, outcome, stage: end }: Decision): string {
  switch (stage) {
    case 'normalize':
      return request === null ? '' : `read as ${request.method} ${request.host}${request.path}`;
    case 'match':
      if (outcome === 'preflight') return `a preflight of route ${route?.id}`;
      if (outcome === 'metadata') return 'the metadata of this resource, which the gateway serves';
      return `route ${route?.id} (${route?.pattern.host ?? ''}${route?.pattern.path})`;
    case 'extract':
      return identity !== null || end === 'resolve' ? 'exactly one credential' : 'no identity';
    case 'resolve':
      return identity === null ? 'no identity' : `user ${identity.userId}`;
    case 'authorize':
      return 'granted';
  }
}

function ruleOrNull(rule: AccessRule | null): string | null {
  return rule === null ? null : ruleInWords(accessSource(rule));
}

function policiesReport({ route: { restricted }, request }: RouteMatch): PoliciesReport | null {
  if (restricted === null) return null;
  const own = ruleFor(restricted.own.access, request.method);
  return {
    own: ruleOrNull(own) ?? '',
    applied: restricted.policies.map(({ id, pattern, destination, access, conditions }) => ({
      id,
      pattern: `${pattern.host ?? ''}${pattern.path}`,
      upstream: destination?.upstream ?? null,
      access: ruleOrNull(access === null ? null : ruleFor(access, request.method)),
      conditions: (conditions ?? []).map(({ word }) => word),
    })),
  };
}

function upstreamReport(
  decision: Allow,
  rules: ForwardingRules,
  view: RequestView,
  facts: ClientFacts,
): UpstreamReport {
  const raw: string[] = [];
  appendRequestHeaders(raw, rules, decision, view.rawHeaders, facts);
  const headers: (readonly [string, string])[] = [];
  for (let i = 0; i < raw.length; i += 2) headers.push([raw[i]!, raw[i + 1]!]);
  const { identity, route } = decision;
  if (rules.assertionHeader !== null && identity !== null && route.audience !== null)
    headers.push([rules.assertionHeader, `(signed identity for ${route.audience})`]);
  if (route.forwardToken !== null && identity?.kind === 'session')
    headers.push(['authorization', `Bearer (${route.forwardToken} token of the session)`]);
  const path = rewritePath(decision.route, decision.request.path);
  return { name: decision.route.upstream, path: path === null ? null : path + decision.request.query, headers };
}
