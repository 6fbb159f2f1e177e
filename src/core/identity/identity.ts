/** The identity that the Auth API returns, and the function with which `decide` requests it. */
import type { Credential } from '../credential/credential.ts';
import type { ReasonCode } from '../outcome/reasons.ts';
import type { Claims } from './claims.ts';

export interface Identity {
  readonly kind: Credential['kind'];
  readonly userId: string;
  /** Role names as the Auth API gave them, before inheritance. */
  readonly roles: readonly string[];
  /** Group names; none contains a comma or a control character. */
  readonly groups: readonly string[];
  readonly alias: string | null;
  readonly fullName: string | null;
  /** Set for a bearer. */
  readonly sessionId: string | null;
  /** Set for a key pair. */
  readonly keyId: string | null;
  /** Id of the token itself (`jti`), or null. */
  readonly tokenId: string | null;
  /** When the credential was issued, in milliseconds since the epoch; null: not known. */
  readonly issuedAtMs: number | null;
  /** When the user signed in, in milliseconds since the epoch; null: not known. */
  readonly authenticatedAtMs: number | null;
  /** Further fields that the configuration declares. */
  readonly claims: Claims;
  /** Name of the source that names its user: user ids of different sources are those of different users. */
  readonly source: string;
  /** Name of the source that accepted the credential: another one than `source` if an earlier one has the same issuer. */
  readonly acceptedBy: string;
  /** SHA-256 of the certificate to which its token is bound, in lower-case hexadecimal digits; unset: it is not bound. */
  readonly boundTo?: string;
  /** End of the credential in milliseconds since the epoch; `Infinity` if the Auth API returns none. */
  readonly expireAtMs: number;
}

/**
 * Result of the resolver: an identity, or why there is none. `credential_rejected` is the Auth API's rejection; every other
 * reason means that there is no result, and must never look like a rejection.
 */
export type Resolution = Accepted | Unresolved;

export interface Accepted {
  readonly identity: Identity;
  readonly reason: null;
  /** Served past its life because the Auth API is unreachable (`cache.staleOnOutage`). */
  readonly stale: boolean;
  /** Where the verdict came from. */
  readonly source: VerdictSource;
}

export interface Unresolved {
  readonly identity: null;
  readonly reason: Extract<ReasonCode, 'credential_rejected' | 'authentication_throttled' | `auth_${string}`>;
  /** Seconds to wait, from the Auth API or the throttle of failed authentications; or null. */
  readonly retryAfterS: number | null;
  readonly source: VerdictSource;
  /** Why the source gave no result; absent for `credential_rejected`, and if no single call is the cause. */
  readonly failure?: SourceFailure;
  /** Why the source rejected the credential, if known; only with `credential_rejected`. */
  readonly rejection?: Rejection;
}

/**
 * Why a credential was rejected, only for operators. `status`: by a status of `rejectedStatuses`. `inactive`: according to the source.
 * `no_source`: no source is configured for credentials of this form. The others concern tokens.
 */
export type Rejection = (typeof rejections)[number];

export const rejections = [
  'status',
  'inactive',
  'expired',
  'no_source',
  'malformed',
  'type',
  'critical',
  'algorithm',
  'key',
  'signature',
  'issuer',
  'audience',
  'not_yet_valid',
  'claim',
  'scope',
  'too_old',
  'revoked',
  'bound',
] as const;

/**
 * Why a source gave no result, only for operators: in the log, the metrics, `explain` and the readiness report, never in a response to a
 * client. It contains no credential, and only the status and content type of the source's response.
 */
export interface SourceFailure {
  /** Name of the source. */
  readonly source: string;
  /** What was requested, without credentials or query. */
  readonly url: string;
  readonly kind: SourceFailureKind;
  /** The error code, the status, or the field that is missing or of the wrong type. */
  readonly detail: string;
}

/** A failure in one phrase, such as `timeout: no response within 5000 ms` or `status 404`. */
export function failureText({ kind, detail }: Pick<SourceFailure, 'kind' | 'detail'>): string {
  return kind === 'status' ? detail : `${kind}: ${detail}`;
}

/**
 * `connection`: none, or it broke. `certificate`: the TLS certificate is not trusted. `protocol`: no valid HTTP. `status`: an unexpected
 * status. `body`: no JSON, or too large. `field`: a field is missing or of the wrong type. `request`: the request could not be written.
 * `breaker`: not requested, because the circuit breaker is open. `revocations`: not requested, because revocations are unknown at the
 * moment.
 */
export type SourceFailureKind =
  | 'connection'
  | 'certificate'
  | 'timeout'
  | 'protocol'
  | 'status'
  | 'body'
  | 'field'
  | 'request'
  | 'breaker'
  | 'revocations';

export type VerdictSource = 'memory' | 'redis' | 'auth-api' | 'none';

/**
 * Finds the identity behind a credential. Synchronous when the verdict is in memory, so that a warm request costs no promise. `maxVerdictAgeMs` is
 * the oldest verdict the route accepts (`Infinity`: any within its lifetime). `client` is the client key, so that one client cannot occupy
 * the Auth API for all others; if unset, requests are not counted for a client.
 */
export type ResolveIdentity = (
  credential: Credential,
  maxVerdictAgeMs: number,
  client?: string,
) => Resolution | Promise<Resolution>;
