/** The result of `decide`. Only `allow` is ever forwarded; the gateway responds to a preflight itself. */
import type { Identity, Rejection, Resolution, SourceFailure, VerdictSource } from './identity/identity.ts';
import type { ReasonCode } from './outcome/reasons.ts';
import type { Criterion } from './policy/conditions.ts';
import type { CanonicalRequest } from './request/request-view.ts';
import type { Route } from './routing/route.ts';

/** The stages of a decision, in order; a refusal names the one that refused. */
export const stages = ['normalize', 'match', 'extract', 'resolve', 'authorize'] as const;
export type Stage = (typeof stages)[number];

export type Decision = Allow | Refuse | Preflight | Metadata;

/** The facts known so far. `decide` fills them in stage by stage; in a decision they are final. */
export interface Trail {
  /** The stage that settled the decision. */
  stage: Stage;
  /** The canonical reading; null: there is none. */
  request: CanonicalRequest | null;
  route: Route | null;
  /** Null: anonymous, or not known. */
  identity: Identity | null;
  /** Where the verdict came from. */
  source: VerdictSource;
  /** The result of the source, before roles are derived; null: no source was called. */
  resolution: Resolution | null;
}

export interface Allow extends Readonly<Trail> {
  readonly outcome: 'allow';
  readonly reason: null;
  readonly request: CanonicalRequest;
  readonly route: Route;
  /** The verdict is past its lifetime and served because the Auth API is unavailable. */
  readonly stale: boolean;
}

/** A browser's CORS preflight; the response is 200 with these headers. */
export interface Preflight extends Readonly<Trail> {
  readonly outcome: 'preflight';
  readonly reason: null;
  readonly request: CanonicalRequest;
  readonly route: Route;
  /** Alternating names and values. */
  readonly headers: readonly string[];
}

/** A request for the metadata of its host (RFC 9728), to which the gateway responds. */
export interface Metadata extends Readonly<Trail> {
  readonly outcome: 'metadata';
  readonly reason: null;
  readonly request: CanonicalRequest;
  /** JSON text. */
  readonly document: string;
}

export interface Refuse extends Readonly<Trail> {
  readonly outcome: 'refuse';
  readonly reason: ReasonCode;
  /** Seconds of `Retry-After` from the Auth API, or null. */
  readonly retryAfterS: number | null;
  /** Value of `Allow`, with reason `method_not_allowed`. */
  readonly allow: string | null;
  /** The condition or time limit that is not met. */
  readonly condition: Criterion | null;
  /** What was thrown, with reason `internal_error`; for the log. */
  readonly cause: unknown;
  /** Why the source of identities gave no result, with an `auth_*` reason; for operators. */
  readonly failure: SourceFailure | null;
  /** Why it rejected the credential, if known, with `credential_rejected`; for operators. */
  readonly rejection: Rejection | null;
}

export function refuse(
  trail: Readonly<Trail>,
  reason: ReasonCode,
  details: Partial<Pick<Refuse, 'retryAfterS' | 'allow' | 'condition' | 'cause' | 'failure' | 'rejection'>> = {},
): Refuse {
  const { retryAfterS = null, allow: methods = null, condition = null, cause = null } = details;
  const { failure = null, rejection = null } = details;
  return { ...trail, outcome: 'refuse', reason, retryAfterS, allow: methods, condition, cause, failure, rejection };
}
