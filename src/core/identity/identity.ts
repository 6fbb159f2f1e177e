/** Who the Auth API says the client is, and the function by which `decide` asks. */
import type { Credential } from '../credential/credential.ts';
import type { ReasonCode } from '../outcome/reasons.ts';
import type { Claims } from './claims.ts';

export interface Identity {
  readonly kind: Credential['kind'];
  readonly userId: string;
  /** Role names as the Auth API gave them, before inheritance. */
  readonly roles: readonly string[];
  /** Group names; none holds a comma or a control character. */
  readonly groups: readonly string[];
  readonly alias: string | null;
  readonly fullName: string | null;
  /** Set for a bearer. */
  readonly sessionId: string | null;
  /** Set for a key pair. */
  readonly keyId: string | null;
  /** Id of the token itself (`jti`); null: it has none. */
  readonly tokenId: string | null;
  /** When the credential was issued, in milliseconds since the epoch; null: not known. */
  readonly issuedAtMs: number | null;
  /** When the user signed in, in milliseconds since the epoch; null: not known. */
  readonly authenticatedAtMs: number | null;
  /** Further fields that the configuration declares. */
  readonly claims: Claims;
  /** Name of the source that knows it. */
  readonly source: string;
  /** End of the credential in milliseconds since the epoch; `Infinity` when the Auth API names none. */
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
  /** Served past its life because the Auth API is out of reach (`cache.staleOnOutage`). */
  readonly stale: boolean;
  /** Where the verdict came from. */
  readonly source: VerdictSource;
}

export interface Unresolved {
  readonly identity: null;
  readonly reason: Extract<ReasonCode, 'credential_rejected' | 'authentication_throttled' | `auth_${string}`>;
  /** Seconds that the Auth API, or the throttle of failed authentications, asked to wait; or null. */
  readonly retryAfterS: number | null;
  readonly source: VerdictSource;
  /** Why the source gave no result; absent for `credential_rejected`, and where no single call is to blame. */
  readonly failure?: SourceFailure;
  /** Why the source rejected the credential, as far as it says; only with `credential_rejected`. */
  readonly rejection?: Rejection;
}

/**
 * Why a credential was rejected, for operators alone. `status`: by a status of `rejectedStatuses`. `inactive`: the source
 * says so. `no_source`: no source is configured for credentials of this form. The others are of tokens.
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
 * Why a source gave no result, for operators alone: in the log, the metrics, `explain` and the readiness report, and in
 * no response to a client. Holds no credential, and of the source's response only its status and its content type.
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

/**
 * `connection`: none, or it broke. `certificate`: the TLS certificate is not trusted. `protocol`: no valid HTTP.
 * `status`: an unexpected status. `body`: no JSON, or too large. `field`: a field is missing or of the wrong type.
 * `request`: the request could not be written. `breaker`: not requested, as the circuit breaker is open. `revocations`: nothing
 * was requested; whether it was revoked cannot be known now.
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
 * Finds the identity behind a credential. Synchronous when the verdict is in memory, so that a warm request costs no
 * promise. `maxAgeMs` is the oldest verdict the route accepts (`Infinity`: any within its lifetime). `client` is the client
 * that asks, so that one client cannot take up the Auth API for all others; if unset, requests are not counted for any.
 */
export type ResolveIdentity = (
  credential: Credential,
  maxAgeMs: number,
  client?: string,
) => Resolution | Promise<Resolution>;
