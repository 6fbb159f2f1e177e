/** The result of `decide`. Only `allow` is ever forwarded; a preflight is answered here and now. */
import type { Accepted, Identity, VerdictSource } from '../identity/identity.ts';
import type { Criterion } from '../policy/conditions.ts';
import type { CanonicalRequest } from '../request/request-view.ts';
import type { Route } from '../routing/route.ts';
import type { ReasonCode } from './reasons.ts';

/** The stages of the line, in order; a refusal names the one that refused. */
export const stages = ['normalize', 'match', 'extract', 'resolve', 'authorize'] as const;
export type Stage = (typeof stages)[number];

export type Decision = Allow | Refuse | Preflight;

interface Trail {
  /** The stage that settled it: the trail is the stages up to and including it. */
  readonly stage: Stage;
  /** The canonical reading, or null when there is none. */
  readonly request: CanonicalRequest | null;
  readonly route: Route | null;
  /** Null: anonymous, or not known. */
  readonly identity: Identity | null;
  /** Where the verdict came from. */
  readonly source: VerdictSource;
}

export interface Allow extends Trail {
  readonly outcome: 'allow';
  readonly reason: null;
  readonly request: CanonicalRequest;
  readonly route: Route;
  /** The verdict is past its life and served because the Auth API is out of reach. */
  readonly stale: boolean;
  /** What the rule says of it, on a route that is only tried out (`mode: shadow`); null: it is allowed. */
  readonly shadowed: Refuse | null;
}

/** A browser's question about a request that it has not sent yet, answered with 200 and these headers. */
export interface Preflight extends Trail {
  readonly outcome: 'preflight';
  readonly reason: null;
  readonly request: CanonicalRequest;
  readonly route: Route;
  /** Names and values in turn. */
  readonly headers: readonly string[];
}

export interface Refuse extends Trail {
  readonly outcome: 'refuse';
  readonly reason: ReasonCode;
  /** Seconds of `Retry-After` that the Auth API asked for, or null. */
  readonly retryAfterS: number | null;
  /** Value of `Allow`, with reason `method_not_allowed`. */
  readonly allow: string | null;
  /** The condition that is not met, with reason `condition_failed`. */
  readonly condition: Criterion | null;
  /** What was thrown, with reason `internal_error`; for the log. */
  readonly cause: unknown;
}

export function allow(stage: Stage, request: CanonicalRequest, route: Route, accepted: Accepted | null): Allow {
  return {
    outcome: 'allow',
    reason: null,
    stage,
    request,
    route,
    identity: accepted === null ? null : accepted.identity,
    source: accepted === null ? 'none' : accepted.source,
    stale: accepted?.stale ?? false,
    shadowed: null,
  };
}

export function refuse(
  stage: Stage,
  reason: ReasonCode,
  request: CanonicalRequest | null,
  route: Route | null,
  identity: Identity | null = null,
  source: VerdictSource = 'none',
  retryAfterS: number | null = null,
): Refuse {
  return {
    outcome: 'refuse',
    reason,
    stage,
    request,
    route,
    identity,
    source,
    retryAfterS,
    allow: null,
    condition: null,
    cause: null,
  };
}
